import { randomUniform } from '../runtime/random-uniform.js'
import { tf, type Tensor1D, type Tensor4D } from '../runtime/tf.js'

/**
 * Zeroes each value with probability `rate` and scales the others by 1 / (1 - rate).
 * @param seed (2) int32, the same for all layers of a step
 * @param layer tells the layers of a step apart
 */
export function dropout(x: Tensor4D, rate: number, seed: Tensor1D, layer: number): Tensor4D {
  if (rate === 0) return x
  const ownSeed: Tensor1D = tf.add(seed, tf.tensor1d([layer, 0], 'int32'))
  const kept = tf.greaterEqual(randomUniform(x.shape, ownSeed), rate)
  return tf.mul(x, tf.mul(tf.cast(kept, 'float32'), 1 / (1 - rate)))
}
