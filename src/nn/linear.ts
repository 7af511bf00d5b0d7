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
  return linearBy(x, layer.get('weight') as Tensor2D, layer.get('bias'))
}

/** The same with a kernel (in, out) and a bias (out) that are no layer's own. */
export function linearBy(x: Tensor, kernel: Tensor2D, bias: Tensor): Tensor {
  const rows: Tensor2D = tf.reshape(x, [-1, kernel.shape[0]])
  const product = biasAdd(matrixProduct(rows, kernel), bias)
  return tf.reshape(product, [...x.shape.slice(0, -1), kernel.shape[1]])
}
