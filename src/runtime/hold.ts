import { hasOwnOperation } from './native-extension.js'
import { runOperation } from './run-operation.js'
import type { Tensor } from './tf.js'

/**
 * The same numbers, in a compiled function not before those of another tensor are there, and then only after
 * what else could begin with these: a sum over ranks, for one. In bfloat16, `x` alone is. Elsewhere that is how
 * it is anyway.
 * @param x float32, without a gradient from here
 * @param other float32
 */
export function hold<T extends Tensor>(x: T, other: Tensor): T {
  if (!hasOwnOperation('FdmHold')) return x
  return runOperation('FdmHold', [x, other], { T: { type: 'float32' } }) as T
}
