import type { TrainingConfig } from '../config/training.js'
import type { VideoDataset } from '../data/dataset.js'
import type { GaussianDiffusion } from '../diffusion/gaussian-diffusion.js'
import { trainingLosses } from '../diffusion/losses.js'
import { videoNoise } from '../diffusion/video-noise.js'
import type { VideoModel } from '../model/video-model.js'
import { hostRandom } from '../random.js'
import { tf } from '../runtime/tf.js'
import { makeBatch } from './batch.js'
import { feedMicroBatch } from './feed.js'
import { readItem } from './item.js'

export interface HeldOutRequest {
  readonly model: Pick<VideoModel, 'conditioned'>
  readonly diffusion: GaussianDiffusion
  /** The test split. */
  readonly dataset: VideoDataset
  readonly config: Pick<TrainingConfig, 'max_frames' | 'pad_with_random_frames'>
  /** Videos looked at: the first ones, again from the start if there are fewer. */
  readonly numVideos: number
  readonly onVideo?: (done: number, total: number) => void
}

/**
 * The mean training loss on videos that are not trained on. Tasks, padding, timesteps (spread evenly over
 * the diffusion process) and noise are always the same, so that numbers of different models compare.
 * @throws UserError from the data set.
 */
export async function heldOutLoss(request: HeldOutRequest): Promise<number> {
  const { model, diffusion, dataset, config, numVideos } = request
  const { max_frames: maxFrames, pad_with_random_frames: padRandomly } = config
  let total = 0
  for (let i = 0; i < numVideos; i++) {
    const video = i % dataset.length
    const padding = padRandomly ? { paddingVideo: (video + 1) % dataset.length } : {}
    const random = hostRandom('held out', i)
    const item = await readItem({ dataset, video, maxFrames, random, ...padding })
    const fed = feedMicroBatch(makeBatch([item], padRandomly), diffusion, {
      timesteps: [Math.floor(((i + 0.5) / numVideos) * diffusion.numTimesteps)],
      weights: [1],
      noise: [hostRandom('held out noise', i)],
      dropout: hostRandom('held out dropout', i),
    })
    const loss = tf.tidy(() =>
      trainingLosses(diffusion, model.conditioned(fed), {
        x0: fed.x0,
        noise: videoNoise(fed.noiseSeeds, fed.x0.shape),
        at: fed.at,
        lossMask: fed.lossMask,
        evalMask: fed.latentMask,
      }).loss.asScalar(),
    )
    const [value = NaN] = await loss.data()
    tf.dispose([{ ...fed }, loss])
    total += value
    request.onVideo?.(i + 1, numVideos)
  }
  return total / numVideos
}
