import type { VideoDataset } from '../data/dataset.js'
import { requireDataset } from '../data/require-dataset.js'
import type { GaussianDiffusion } from '../diffusion/gaussian-diffusion.js'
import { trainingLosses } from '../diffusion/losses.js'
import type { Conditioning, Network } from '../diffusion/types.js'
import { expectCount, expectObject } from '../expect.js'
import { nextTurn } from '../next-turn.js'
import { hostRandom } from '../random.js'
import { randomNormal } from '../runtime/random-normal.js'
import { tf, type Tensor5D } from '../runtime/tf.js'
import { makeBatch } from '../training/batches/batch.js'
import { readItem } from '../training/batches/item.js'
import { feedMicroBatch } from '../training/step/feed.js'

export interface HeldOutLossOptions {
  /** What `createModel` gives, or the model of a checkpoint. */
  readonly model: { conditioned(conditioning: Conditioning): Network }
  readonly diffusion: GaussianDiffusion
  /** Videos that were not trained on, of the size that the model is for: those of the split `test`, say. */
  readonly dataset: VideoDataset
  /** K: most frames the network takes at once, as in training. */
  readonly maxFrames: number
  /** How many tasks to look at, at least 1, each at a cost of one evaluation: the i-th in video i modulo the number of videos. */
  readonly tasks: number
  /** Decides frames, masks and noise: the same seed asks the same of every model. Default: 0. */
  readonly seed?: number
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * The mean squared error of the network's prediction on the frames asked for, in videos it has not seen.
 * Timesteps are spread evenly over the diffusion process rather than drawn, so that few tasks tell models
 * apart. The runtime must have been started; nothing is trained, and dropout is off.
 * @returns 0 or more; of a model that predicts noise, 1 is what predicting none at all gives
 * @throws UserError for settings that cannot work, or if a video cannot be read; the signal's reason, if it aborts.
 */
export async function heldOutLoss(options: HeldOutLossOptions): Promise<number> {
  const { tasks, onProgress, signal } = checked(options)
  let sum = 0
  for (let task = 0; task < tasks; task++) {
    await nextTurn(signal)
    sum += await taskLoss(options, task)
    onProgress?.(task + 1, tasks)
  }
  return sum / tasks
}

/** @throws UserError saying what was expected and what came. */
function checked(options: HeldOutLossOptions): HeldOutLossOptions {
  const takes = 'heldOutLoss takes as'
  expectObject('heldOutLoss takes options with model, diffusion, dataset, maxFrames and tasks', options, {})
  const { model, diffusion, dataset, maxFrames, tasks, seed } = options
  expectObject(`${takes} model what createModel gives`, model, { conditioned: 'function' })
  expectObject(`${takes} diffusion what createDiffusion gives`, diffusion, {
    config: 'object',
    at: 'function',
  })
  requireDataset('heldOutLoss', dataset)
  expectCount(`${takes} maxFrames an integer`, maxFrames, 1)
  expectCount(`${takes} tasks an integer`, tasks, 1)
  if (seed !== undefined) expectCount(`${takes} seed an integer`, seed, 0)
  return options
}

async function taskLoss(options: HeldOutLossOptions, task: number): Promise<number> {
  const { model, diffusion, dataset, maxFrames, tasks, seed = 0 } = options
  // Padding to full length keeps the shapes of all tasks the same.
  const item = await readItem({
    dataset,
    video: task % dataset.length,
    paddingVideo: (task + 1) % dataset.length,
    maxFrames,
    random: hostRandom(seed, 'held-out task', task),
  })
  const batch = makeBatch([item], false)
  const fed = feedMicroBatch(batch, diffusion, {
    timesteps: [Math.floor(((task + 0.5) / tasks) * diffusion.numTimesteps)],
    weights: [1],
    noise: [hostRandom(seed, 'held-out noise', task)],
    dropout: hostRandom(seed),
  })
  const loss = tf.tidy(() => {
    const noise = randomNormal(fed.x0.shape, fed.noiseSeeds.reshape([2])) as Tensor5D
    const inputs = { ...fed, noise, evalMask: fed.latentMask }
    return trainingLosses(diffusion, model.conditioned(fed), inputs).mse ?? tf.scalar(NaN)
  })
  try {
    const [value = NaN] = await loss.data()
    // The loss of training is a mean over all frames, also those that are given: here, over those asked for.
    const asked = batch.latentMask.reduce((total, latent) => total + latent, 0)
    return (value * batch.latentMask.length) / asked
  } finally {
    tf.dispose([{ ...fed }, loss])
  }
}
