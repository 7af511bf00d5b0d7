import type { TrainingConfig } from '../../config/training.js'
import type { GaussianDiffusion } from '../../diffusion/gaussian-diffusion.js'
import { hostRandom } from '../../random.js'
import type { RankGroup } from '../../runtime/rank-group.js'
import { tf } from '../../runtime/tf.js'
import type { Batch } from '../batches/batch.js'
import { ADAMW_DEFAULTS, adamwScalars } from './adamw.js'
import { feedMicroBatch, partsOf } from './feed.js'
import { learningRate } from './learning-rate.js'
import type { StepInputs } from './step.js'
import type { TimestepDraw } from './timestep-sampler.js'

/** What is the same for all steps. */
export interface StepFeedSetup {
  readonly config: Pick<TrainingConfig, 'lr' | 'lr_anneal_steps' | 'weight_decay' | 'seed'>
  readonly diffusion: GaussianDiffusion
  readonly ranks?: RankGroup | undefined
}

export interface StepFeed {
  /** This rank's. */
  readonly microBatches: readonly Batch[]
  /** Of the videos of all ranks. */
  readonly draw: TimestepDraw
  /** Steps done, and updates that the optimizer has counted. */
  readonly step: number
  readonly optimizerStep: number
  /** Whether this rank would have all of them stop. */
  readonly stop: boolean
}

/** Puts on the device all that a step is fed. The caller owns it: see {@link disposeFed}. */
export function feedStep(
  { config, diffusion, ranks }: StepFeedSetup,
  { microBatches, draw, step, optimizerStep, stop }: StepFeed,
): StepInputs {
  const { seed, weight_decay: weightDecay } = config
  const rank = ranks?.rank ?? 0
  // Videos and micro-batches are counted over all ranks.
  let first = rank * videosIn(microBatches)
  const parts = partsOf(...microBatches)
  const { betas } = ADAMW_DEFAULTS
  const numbers = adamwScalars({ lr: learningRate(config, step), betas, weightDecay }, optimizerStep + 1)
  return {
    microBatches: microBatches.map((batch, i) => {
      const videos = Array.from({ length: batch.shape[0] }, (_, b) => first + b)
      first += videos.length
      const draws = {
        timesteps: videos.map((video) => draw.timesteps[video] ?? NaN),
        weights: videos.map((video) => draw.weights[video] ?? NaN),
        noise: videos.map((video) => hostRandom(seed, 'noise', step, video)),
        dropout: hostRandom(seed, 'dropout', step, rank * microBatches.length + i),
      }
      return feedMicroBatch(batch, diffusion, draws, parts)
    }),
    scalars: {
      keep: tf.scalar(numbers.keep),
      stepSize: tf.scalar(numbers.stepSize),
      rootCorrection: tf.scalar(numbers.rootCorrection),
    },
    stop: ranks && tf.tensor1d([stop ? 1 : 0]),
  }
}

export function disposeFed({ microBatches, scalars, stop }: StepInputs): void {
  tf.dispose([microBatches.map((micro) => ({ ...micro })), { ...scalars }, ...(stop ? [stop] : [])])
}

export const videosIn = (batches: readonly Batch[]) =>
  batches.reduce((total, { shape }) => total + shape[0], 0)
