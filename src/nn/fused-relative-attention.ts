import { hasProcessorOperation } from '../runtime/native-extension.js'
import { runOperation, runOperationOf } from '../runtime/run-operation.js'
import { tf, type Tensor4D } from '../runtime/tf.js'
import type { RelativeAttentionInputs } from './relative-attention-inputs.js'
import { withGradient } from './with-gradient.js'

/** Whether the backend in use has the operation and computes on a processor, which is what it is for. */
export function hasFusedRelativeAttention(): boolean {
  return hasProcessorOperation('FdmRelativeAttention')
}

/** `relativeAttention` as one operation of our own, and its gradient as another (native/operations). */
export function fusedRelativeAttention(
  { qkv, relativeQ, relativeK, relativeV, bias }: RelativeAttentionInputs,
  heads: number,
): Tensor4D {
  const attributes = { T: { type: 'float32' }, heads } as const
  return withGradient(
    [qkv, relativeQ, relativeK, relativeV, bias],
    (inputs) => ({
      value: runOperation('FdmRelativeAttention', inputs, attributes) as Tensor4D,
      kept: inputs,
    }),
    (dy, kept) => [
      ...runOperationOf('FdmRelativeAttentionGrad', [dy, ...kept], attributes, 4),
      tf.zeros(bias.shape),
    ],
  )
}
