import { drawRandom, type DeviceSeed } from './stateless-random.js'
import type { Tensor } from './tf.js'

/**
 * Independent standard normal numbers, float32. The same seed and shape give the same numbers on the same
 * backend; backends differ from each other.
 */
export function randomNormal(shape: readonly number[], seed: DeviceSeed): Tensor {
  return drawRandom('normal', shape, seed)
}
