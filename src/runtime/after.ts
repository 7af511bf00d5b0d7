import { hasOwnOperation } from './native-extension.js'
import { runOperation } from './run-operation.js'
import type { Tensor } from './tf.js'

/**
 * The same numbers, in a compiled function not before those of another tensor are there: what is computed of
 * the result is computed then, even if it was computed of `x` before. Elsewhere that is how it is anyway.
 * @param x float32, without a gradient from here
 * @param other float32
 */
export function after<T extends Tensor>(x: T, other: Tensor): T {
  if (!hasOwnOperation('FdmAfter')) return x
  return runOperation('FdmAfter', [x, other], { T: { type: 'float32' } }) as T
}
