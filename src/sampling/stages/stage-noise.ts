import { videoNoise } from '../../diffusion/video-noise.js'
import { hostRandom } from '../../random.js'
import { tf, type Tensor2D, type Tensor5D } from '../../runtime/tf.js'

/** What a video's noise depends on, besides stage and step. */
export interface NoiseKey {
  readonly seed: number
  /** Position of the video in its data set. */
  readonly video: number
  /** Which of several samples of the same video. */
  readonly sampleIdx: number
}

/** A video's noise in one of its stages. */
export interface StageKey extends NoiseKey {
  readonly stage: number
}

/**
 * Seeds of the noise for one moment of sampling, (B, 2), int32.
 * @param keys one per video
 * @param moment the step that needs it, or `start` for x_T
 */
export function stageSeeds(keys: readonly StageKey[], moment: number | 'start'): Tensor2D {
  const seeds = keys.map(({ seed, video, sampleIdx, stage }) => [
    ...hostRandom('sample', seed, video, sampleIdx, stage, moment).deviceSeed(),
  ])
  return tf.tensor2d(seeds, [keys.length, 2], 'int32')
}

/**
 * Standard-normal noise for one moment of sampling, (B, K, H, W, C): each video's own, so that a video
 * turns out the same in whatever batch it is sampled.
 * @param shape (K, H, W, C) of one video
 */
export function stageNoise(
  keys: readonly StageKey[],
  shape: readonly [number, number, number, number],
  moment: number | 'start',
): Tensor5D {
  return tf.tidy(() => videoNoise(stageSeeds(keys, moment), [keys.length, ...shape]))
}
