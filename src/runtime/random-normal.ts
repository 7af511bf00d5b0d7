import { drawRandom } from './stateless-random.js'
import type { Tensor } from './tf.js'

/** What determines the numbers: two integers in [0, 2^31), or an int32 tensor of shape [2]. */
export type DeviceSeed = readonly [number, number] | Tensor

/**
 * Independent standard normal numbers, float32. The same seed and shape give the same numbers on the same
 * backend; backends differ from each other.
 */
export function randomNormal(shape: readonly number[], seed: DeviceSeed): Tensor {
  return drawRandom('normal', shape, seed)
}
