import { type Tensor, tf } from '../tf.js'
import type { Kernel } from './kernel.js'

/**
 * Matrix products. The backend multiplies two plain matrices with a fast library, but transposed ones with
 * a plain loop, 10 to 30 times slower: so they are transposed first. Those are the gradients of every
 * linear layer. For batches the loop is used either way.
 */
export const matrixProduct: Kernel<'a' | 'b', { transposeA: boolean; transposeB: boolean }> = (
  { a, b },
  { transposeA, transposeB },
  before,
) => {
  const single = [a, b].every(({ shape }) => shape.slice(0, -2).every((size) => size === 1))
  if (!single || !(transposeA || transposeB)) return before()
  return tf.matMul(transposeA ? transposed(a) : a, transposeB ? transposed(b) : b)
}

function transposed(matrix: Tensor): Tensor {
  const axes = matrix.shape.map((_, axis) => axis)
  return tf.transpose(matrix, [...axes.slice(0, -2), axes.length - 1, axes.length - 2])
}
