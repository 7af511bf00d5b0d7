import { biasAdd } from '../../nn/bias-add.js'
import { linear } from '../../nn/linear.js'
import type { Scope } from '../../nn/scope.js'
import { tf, type Tensor2D, type Tensor5D } from '../../runtime/tf.js'

/**
 * A convolution with its bias and a ReLU.
 * @param x (B, T, H, W, in)
 * @param layer holds `weight` (t, h, w, in, out) and `bias` (out), into which batch normalisation is folded
 * @param stride in all three directions
 * @param padding `same` as TensorFlow counts it: what is odd goes to the end
 */
export function unit(x: Tensor5D, layer: Scope, stride = 1, padding: 'same' | 'valid' = 'same'): Tensor5D {
  const kernel = layer.get('weight') as Tensor5D
  return tf.relu(biasAdd(tf.conv3d(x, kernel, stride, padding), layer.get('bias')))
}

/** A unit of size 1: a linear layer at every place. */
export function pointUnit(x: Tensor5D, layer: Scope): Tensor5D {
  const kernel = layer.get('weight') as Tensor5D
  const [, , , channelsIn, channelsOut] = kernel.shape
  const matrix: Tensor2D = tf.reshape(kernel, [channelsIn, channelsOut])
  const asMatrix: Scope = {
    get: (name) => (name === 'weight' ? matrix : layer.get(name)),
    at: (name) => layer.at(name),
  }
  return tf.relu(linear(x, asMatrix)) as Tensor5D
}
