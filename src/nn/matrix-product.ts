import { runOperation } from '../runtime/run-operation.js'
import { tf, type Tensor, type Tensor2D } from '../runtime/tf.js'
import { withGradient } from './with-gradient.js'

/**
 * The product of two matrices. On TensorFlow by the operation for just two of them: the tensor library's
 * own choice, the one for stacks, is not fused with a bias after it.
 * @param a (N, K)
 * @param b (K, M)
 * @returns (N, M)
 */
export function matrixProduct(a: Tensor2D, b: Tensor2D): Tensor2D {
  if (tf.getBackend() !== 'tensorflow') return tf.matMul(a, b)
  return withGradient<Tensor>(
    [a, b],
    (inputs) => {
      const [left, right] = inputs as [Tensor, Tensor]
      return { value: matMul(left, right, false, false), kept: inputs }
    },
    (dy, kept) => {
      const [left, right] = kept as [Tensor, Tensor]
      return [matMul(dy, right, false, true), matMul(left, dy, true, false)]
    },
  ) as Tensor2D
}

function matMul(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor {
  const attributes = { T: { type: 'float32' }, transpose_a: transposeA, transpose_b: transposeB } as const
  return runOperation('MatMul', [a, b], attributes)
}
