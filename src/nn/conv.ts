import { tf, type Tensor4D } from '../runtime/tf.js'
import { biasAdd } from './bias-add.js'
import { linear } from './linear.js'
import type { Scope } from './scope.js'

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
  const convolved =
    stride === 1
      ? tf.conv2d(x, kernel, 1, 'same')
      : tf.conv2d(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]]), kernel, stride, 'valid') // prettier-ignore
  return biasAdd(convolved, layer.get('bias'))
}

/**
 * 1x1 convolution: a linear layer at every place.
 * @param x (N, H, W, in)
 * @param layer holds `weight` (1, 1, in, out) and `bias` (out)
 */
export function conv1x1(x: Tensor4D, layer: Scope): Tensor4D {
  const kernel = layer.get('weight') as Tensor4D
  const [, , channelsIn, channelsOut] = kernel.shape
  const asMatrix: Scope = {
    get: (name) => (name === 'weight' ? tf.reshape(kernel, [channelsIn, channelsOut]) : layer.get(name)),
    at: (name) => layer.at(name),
  }
  return linear(x, asMatrix) as Tensor4D
}
