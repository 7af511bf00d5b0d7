import { tf, type Tensor, type Tensor2D } from '../runtime/tf.js'
import { biasAdd } from './bias-add.js'
import { matrixProduct } from './matrix-product.js'
import type { Scope } from './scope.js'

/**
 * x W + b over the last axis.
 * @param x (..., in)
 * @param layer holds `weight` (in, out) and `bias` (out)
 * @returns (..., out)
 */
export function linear(x: Tensor, layer: Scope): Tensor {
  const kernel = layer.get('weight') as Tensor2D
  const rows: Tensor2D = tf.reshape(x, [-1, kernel.shape[0]])
  const product = biasAdd(matrixProduct(rows, kernel), layer.get('bias'))
  return tf.reshape(product, [...x.shape.slice(0, -1), kernel.shape[1]])
}
