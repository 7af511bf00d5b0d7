import { hostRandom } from '../random.js'
import { randomNormal } from '../runtime/random-normal.js'
import { tf, type Tensor4D, type Tensor5D } from '../runtime/tf.js'

/** What a video's noise depends on, besides stage and step. */
export interface NoiseKey {
  readonly seed: number
  /** Position of the video in its data set. */
  readonly video: number
  /** Which of several samples of the same video. */
  readonly sampleIdx: number
}

/**
 * Standard-normal noise for one moment of sampling, (B, K, H, W, C): each video's own, so that a video
 * turns out the same in whatever batch it is sampled.
 * @param keys one per video
 * @param shape (K, H, W, C) of one video
 * @param moment the step that needs it, or `start` for x_T
 */
export function stageNoise(
  keys: readonly NoiseKey[],
  shape: readonly [number, number, number, number],
  stage: number,
  moment: number | 'start',
): Tensor5D {
  return tf.tidy(() => {
    const videos = keys.map(({ seed, video, sampleIdx }) => {
      const random = hostRandom('sample', seed, video, sampleIdx, stage, moment)
      return randomNormal([...shape], random.deviceSeed()) as Tensor4D
    })
    return tf.stack(videos) as Tensor5D
  })
}
