import { tf, type Tensor } from '../../runtime/tf.js'

/**
 * One step of an exponential moving average: rate * average + (1 - rate) * value.
 * @param rate in [0, 1]; 1 never moves
 */
export function emaUpdate<T extends Tensor>(average: T, value: T, rate: number): T {
  return tf.tidy(() => tf.add<T>(average.mul(rate), value.mul(1 - rate)))
}
