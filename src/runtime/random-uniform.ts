import { drawRandom, type DeviceSeed } from './stateless-random.js'
import type { Tensor } from './tf.js'

/**
 * Independent uniform numbers in [0, 1), float32. The same seed and shape give the same numbers on the same
 * backend; backends differ from each other.
 */
export function randomUniform(shape: readonly number[], seed: DeviceSeed): Tensor {
  return drawRandom('uniform', shape, seed)
}
