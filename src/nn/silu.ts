import { tf, type Tensor } from '../runtime/tf.js'

/** x sigmoid(x). */
export function silu<T extends Tensor>(x: T): T {
  return tf.mul(x, tf.sigmoid(x))
}
