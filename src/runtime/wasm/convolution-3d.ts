import { type Tensor4D, type Tensor5D, tf } from '../tf.js'
import type { Kernel } from './kernel.js'

interface Attributes {
  readonly strides: number | readonly [number, number, number]
  readonly pad: 'same' | 'valid'
  readonly dilations?: number | readonly number[]
}

/**
 * Convolutions over time, height and width, as a sum of pictures' convolutions, one for each place of the
 * filter in time. The backend's own kernel is a plain loop, a hundred times slower.
 */
export const convolution3d: Kernel<'x' | 'filter', Attributes> = (
  inputs,
  { strides, pad, dilations = 1 },
  before,
) => {
  if ([dilations].flat().some((step) => step !== 1)) return before()
  const { x, filter } = inputs as { x: Tensor5D; filter: Tensor5D }
  const [step = 1, stepY = 1, stepX = 1] = typeof strides === 'number' ? Array(3).fill(strides) : strides // prettier-ignore
  const [batch, T, height, width, channels] = x.shape
  const [taps, filterHeight, filterWidth, , channelsOut] = filter.shape
  const places = pad === 'same' ? Math.ceil(T / step) : Math.floor((T - taps) / step) + 1
  const missing = pad === 'same' ? Math.max(0, (places - 1) * step + taps - T) : 0
  const start = Math.floor(missing / 2)
  const framed = tf.pad(x, [[0, 0], [start, missing - start], [0, 0], [0, 0], [0, 0]]) // prettier-ignore
  const end = (places - 1) * step + 1

  let sum: Tensor4D | undefined
  for (let tap = 0; tap < taps; tap++) {
    const part = tf.tidy(() => {
      const frames = tf.stridedSlice(
        framed,
        [0, tap, 0, 0, 0],
        [batch, tap + end, height, width, channels],
        [1, step, 1, 1, 1],
      )
      const pictures: Tensor4D = tf.reshape(frames, [batch * places, height, width, channels])
      const kernel = tf.slice(
        filter,
        [tap, 0, 0, 0, 0],
        [1, filterHeight, filterWidth, channels, channelsOut],
      )
      const picture = tf.squeeze<Tensor4D>(kernel, [0])
      const convolved = tf.conv2d(pictures, picture, [stepY, stepX], pad)
      return sum ? tf.add(sum, convolved) : convolved
    })
    sum?.dispose()
    sum = part as Tensor4D
  }
  if (!sum) throw new Error('a filter without places in time')
  return tf.reshape(sum, [batch, places, ...sum.shape.slice(1)])
}
