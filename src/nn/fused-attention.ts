import { hasProcessorOperation } from '../runtime/native-extension.js'
import { runOperation, runOperationOf } from '../runtime/run-operation.js'
import type { Tensor, Tensor3D } from '../runtime/tf.js'
import { withGradient } from './with-gradient.js'

/** Whether the backend in use has the operation and computes on a processor, which is what it is for. */
export function hasFusedAttention(): boolean {
  return hasProcessorOperation('FdmAttention')
}

/**
 * `attention` as one operation of our own, and its gradient as another (native/operations). The weights are
 * never in memory.
 */
export function fusedAttention(qkv: Tensor3D, heads: number): Tensor3D {
  return withGradient(
    [qkv],
    (inputs) => {
      const [value, scale] = runOperationOf('FdmAttention', inputs, { T, heads }, 2) as [Tensor3D, Tensor]
      return { value, kept: [...inputs, scale] }
    },
    (dy, kept) => [runOperation('FdmAttentionGrad', [dy, ...kept], { T })],
  )
}

const T = { type: 'float32' } as const
