import { randomNormal } from '../runtime/random-normal.js'
import { tf, type Tensor1D, type Tensor2D, type Tensor5D } from '../runtime/tf.js'

/**
 * Standard-normal noise of which each video's part depends on its own seed alone, so that a video turns out
 * the same in whatever batch it is.
 * @param seeds (B, 2), int32
 * @param shape (B, T, H, W, C)
 */
export function videoNoise(seeds: Tensor2D, shape: readonly number[]): Tensor5D {
  const videos = tf.unstack(seeds).map((seed) => randomNormal(shape.slice(1), seed as Tensor1D))
  return tf.stack(videos) as Tensor5D
}
