import { tf, type Tensor1D, type Tensor4D } from '../runtime/tf.js'
import { recordsInBfloat16 } from '../runtime/compile.js'
import { biasAdd } from './bias-add.js'
import { fusedConvolution, hasFusedConvolution } from './fused-convolution.js'
import { linearBy } from './linear.js'
import type { Scope } from './scope.js'
import { upsampleNearest2x } from './upsample.js'

/**
 * 3x3 convolution with one pixel of zero padding on every side.
 * @param x (N, H, W, in)
 * @param layer holds `weight` (3, 3, in, out) and `bias` (out)
 * @param stride 1, or 2 to halve the size: then padded as PyTorch does, not as TensorFlow's SAME, which
 *   pads the other side only
 * @returns (N, H / stride, W / stride, out)
 */
export function conv3x3(x: Tensor4D, layer: Scope, stride: 1 | 2 = 1): Tensor4D {
  const kernel = layer.get('weight') as Tensor4D
  const bias = layer.get('bias') as Tensor1D
  if (stride === 1 && hasFusedConvolution(kernel)) return fusedConvolution(x, kernel, bias, 1)
  const convolved =
    stride === 1
      ? tf.conv2d(x, kernel, 1, 'same')
      : tf.conv2d(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), kernel, stride, 'valid') // prettier-ignore
  return biasAdd(convolved, bias)
}

/**
 * Nearest-neighbour upsampling by two, then a 3x3 convolution as above.
 * @param x (N, H, W, in)
 * @returns (N, 2H, 2W, out)
 */
export function upsampledConv3x3(x: Tensor4D, layer: Scope): Tensor4D {
  const kernel = layer.get('weight') as Tensor4D
  return hasFusedConvolution(kernel)
    ? fusedConvolution(x, kernel, layer.get('bias') as Tensor1D, 2)
    : conv3x3(upsampleNearest2x(x), layer)
}

/**
 * 1x1 convolution: a linear layer at every place. In bfloat16 TensorFlow's convolutions are faster at it than
 * its products.
 * @param x (N, H, W, in)
 * @param layer holds `weight` (1, 1, in, out) and `bias` (out)
 * @returns (N, H, W, out)
 */
export function conv1x1(x: Tensor4D, layer: Scope): Tensor4D {
  const kernel = layer.get('weight') as Tensor4D
  const bias = layer.get('bias')
  if (recordsInBfloat16()) return biasAdd(tf.conv2d(x, kernel, 1, 'valid'), bias)
  const [, , channelsIn, channelsOut] = kernel.shape
  return linearBy(x, tf.reshape(kernel, [channelsIn, channelsOut]), bias) as Tensor4D
}
