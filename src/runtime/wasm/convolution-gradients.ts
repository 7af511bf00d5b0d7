import { type Tensor, type Tensor4D, tf } from '../tf.js'
import type { Kernel } from './kernel.js'

type Shape4D = [number, number, number, number]
type Padding = Parameters<typeof tf.backend_util.computeConv2DInfo>[4]

interface ConvolutionAttributes {
  readonly strides: number | [number, number]
  readonly pad: Padding
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

/**
 * Gradient of a convolution to its filter, [height, width, inputs, outputs], from x [B, H, W, inputs] and
 * dy [B, H', W', outputs].
 *
 * It is a convolution too: with the batch in the place of the channels, x is convolved with dy as a filter
 * as large as the output, whose taps are a stride apart. This was the fastest of the formulations tried.
 */
export const convolutionFilterGradient: Kernel<
  'x' | 'dy',
  ConvolutionAttributes & { filterShape: Shape4D }
> = ({ x, dy }, { filterShape, ...attributes }) => {
  const info = describe(x.shape as Shape4D, filterShape, attributes)
  const { top, bottom, left, right } = info.padInfo
  const images = tf.transpose(x as Tensor4D, [3, 1, 2, 0])
  const filters = tf.transpose(dy as Tensor4D, [1, 2, 0, 3])
  const around = explicit([top, bottom], [left, right])
  const dilations: [number, number] = [info.strideHeight, info.strideWidth]
  const gradient = tf.conv2d(images, filters, 1, around, 'NHWC', dilations)
  // Rows and columns that no step of the stride reached come out at the end and are none of the filter's.
  const [height, width, inputs, outputs] = filterShape
  const reached = tf.slice(gradient, [0, 0, 0, 0], [inputs, height, width, outputs])
  return tf.transpose(reached, [1, 2, 0, 3])
}

/**
 * Gradient of a convolution to its input, of shape `inputShape`, from dy [B, H', W', outputs] and the filter
 * [height, width, inputs, outputs]: the convolution of dy, spread out by the stride, with the filter turned
 * by half a turn.
 */
export const convolutionInputGradient: Kernel<
  'dy' | 'filter',
  ConvolutionAttributes & { inputShape: Shape4D }
> = ({ dy, filter }, { inputShape, ...attributes }) => {
  const [height, width, inputs, outputs] = filter.shape as Shape4D
  const info = describe(inputShape, [height, width, inputs, outputs], attributes)
  const turned = tf.transpose(tf.reverse(filter as Tensor4D, [0, 1]), [0, 1, 3, 2])
  const spread = spreadOut(dy as Tensor4D, info.strideHeight, info.strideWidth)
  const rows = margins(inputShape[1], height, info.padInfo.top, spread.shape[1])
  const columns = margins(inputShape[2], width, info.padInfo.left, spread.shape[2])
  const around = explicit(rows.pad, columns.pad)
  return tf.conv2d(crop(spread, rows.crop, columns.crop), turned, 1, around)
}

function describe(inputShape: Shape4D, filterShape: Shape4D, attributes: ConvolutionAttributes) {
  const { strides, pad, dimRoundingMode } = attributes
  return tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, pad, dimRoundingMode)
}

type Ends = [before: number, after: number]

function explicit(rows: Ends, columns: Ends): tf.backend_util.ExplicitPadding {
  return [[0, 0], rows, columns, [0, 0]]
}

/**
 * How far one axis of dy is to be padded, or cropped where that number is negative, for the convolution
 * with the turned filter to give the input's size.
 */
function margins(size: number, filter: number, padded: number, spread: number): { pad: Ends; crop: Ends } {
  const before = filter - 1 - padded
  const after = size + filter - 1 - spread - before
  return {
    pad: [Math.max(before, 0), Math.max(after, 0)],
    crop: [Math.max(-before, 0), Math.max(-after, 0)],
  }
}

function crop(image: Tensor4D, rows: Ends, columns: Ends): Tensor4D {
  if ([...rows, ...columns].every((n) => n === 0)) return image
  const [batch, height, width, channels] = image.shape
  const size: Shape4D = [batch, height - rows[0] - rows[1], width - columns[0] - columns[1], channels]
  return tf.slice(image, [0, rows[0], columns[0], 0], size)
}

/** Puts `strideHeight - 1` rows and `strideWidth - 1` columns of zeros after each row and column. */
function spreadOut(image: Tensor4D, strideHeight: number, strideWidth: number): Tensor4D {
  const [batch, height, width, channels] = image.shape
  const columns = zerosAfter(image, channels, strideWidth)
  const rows = zerosAfter(columns, width * strideWidth * channels, strideHeight)
  return tf.reshape(rows, [batch, height * strideHeight, width * strideWidth, channels])
}

/** After every `length` numbers, `times - 1` times as many zeros. */
function zerosAfter(values: Tensor, length: number, times: number): Tensor {
  if (times === 1) return values
  const pieces = tf.reshape(values, [values.size / length, length])
  return tf.pad(pieces, [
    [0, 0],
    [0, (times - 1) * length],
  ])
}
