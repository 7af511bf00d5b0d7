import type { VideoDataset } from '../../data/dataset.js'
import { toPixels } from '../../data/pixels.js'
import type { GaussianDiffusion } from '../../diffusion/gaussian-diffusion.js'
import { ancestralSampler } from '../../diffusion/samplers/ancestral.js'
import { walk } from '../../diffusion/samplers/walk.js'
import { modelOf } from '../../model/video-model.js'
import type { Parameters } from '../../nn/scope.js'
import { hostRandom } from '../../random.js'
import { tf } from '../../runtime/tf.js'
import { denoisingStep } from '../../sampling/stages/denoising-step.js'
import { stageNoise, stageSeeds } from '../../sampling/stages/stage-noise.js'
import { makeBatch } from '../batches/batch.js'
import { epochOrder } from '../batches/epoch-order.js'
import { readItem } from '../batches/item.js'
import type { Task } from '../batches/task-sampling.js'
import type { ResolvedTrainConfig } from '../checkpoints/save-checkpoint.js'
import { feedMicroBatch } from '../step/feed.js'
import { attentionMaps, type AttentionMap } from './attention-maps.js'

/** Videos completed during training, to look at. */
export interface Preview {
  readonly shape: readonly [videos: number, frames: number, H: number, W: number, C: 3]
  readonly pixels: Uint8Array
  /** How many first frames of each video were given. */
  readonly numObserved: number
  /** How frames attended to frames in the middle of each quarter of the process, from most noise to least. */
  readonly attention: readonly PreviewAttention[]
}

export interface PreviewAttention {
  /** 0 has least noise, as in the names of losses. */
  readonly quartile: number
  readonly layers: readonly AttentionMap[]
}

export interface PreviewRequest {
  readonly parameters: Parameters
  readonly config: ResolvedTrainConfig
  readonly diffusion: GaussianDiffusion
  readonly dataset: VideoDataset
  /** Gives the preview up after the denoising step at hand. */
  readonly signal?: AbortSignal | undefined
  /** Called with the denoising steps done, from 0 on. */
  readonly onStep?: (done: number, total: number) => void
}

/**
 * Completes the first two videos of the first training batch (one, if a batch has one) with all diffusion
 * steps and always the same noise: one with consecutive frames, the other with frames spread over its
 * whole window; the first third is given.
 * @returns undefined if the signal came first
 */
export async function samplePreview({
  parameters,
  config,
  diffusion,
  dataset,
  signal,
  onStep: report,
}: PreviewRequest): Promise<Preview | undefined> {
  const tasks = previewTasks(dataset.T, config.max_frames)
  const videos = epochOrder(dataset.length, config.batch_size, config.seed)(0).slice(0, tasks.length)
  const items = await Promise.all(
    videos.map((video, i) => {
      const task = tasks[i] ?? { observed: [], latent: [] }
      const random = hostRandom('preview', i)
      return readItem({ dataset, video, maxFrames: config.max_frames, random, task })
    }),
  )
  const batch = makeBatch(items, false)
  const draw = { timesteps: videos.map(() => 0), weights: videos.map(() => 1) }
  const keys = videos.map((video) => ({ seed: 0, video, sampleIdx: 0, stage: 0 }))
  const [, ...shape] = batch.shape
  const { numTimesteps } = diffusion
  const denoise = denoisingStep({
    model: modelOf(config, parameters),
    diffusion,
    sampler: ancestralSampler(diffusion.schedule),
    clipDenoised: true,
  })
  // All or none.
  const { start, ...fed } = tf.tidy(() => ({
    start: stageNoise(keys, shape, 'start'),
    ...feedMicroBatch(batch, diffusion, {
      ...draw,
      noise: videos.map((_, i) => hostRandom('preview noise', i)),
      dropout: hostRandom('preview dropout'),
    }),
  }))
  const { x0, obsMask, latentMask, frameIndices, outputRows } = fed
  try {
    const onStep = (done: number, total: number) => {
      report?.(done, total)
      signal?.throwIfAborted()
    }
    onStep(0, numTimesteps)
    const attention: PreviewAttention[] = []
    const steps = { numTimesteps, numCarried: denoise.numCarried }
    const conditioning = { x0, obsMask, latentMask, frameIndices, outputRows }
    const sample = await walk(steps, { start, onStep }, (state, t) => {
      const quartile = middleOfQuartile(t, numTimesteps)
      if (quartile !== undefined) {
        const timesteps = diffusion.networkTimesteps(diffusion.at(videos.map(() => t)))
        const inputs = { ...conditioning, x: state[0], timesteps }
        attention.push({ quartile, layers: attentionMaps(parameters, config, inputs) })
      }
      return denoise.run(conditioning, state, t, stageSeeds(keys, t))
    })
    const pixels = toPixels(await sample.data().finally(() => sample.dispose()))
    keepObserved(pixels, batch.pixels, batch.obsMask)
    return { shape: batch.shape, pixels, numObserved: tasks[0]?.observed.length ?? 0, attention }
  } catch (error) {
    if (signal?.aborted) return undefined
    throw error
  } finally {
    denoise.dispose()
    tf.dispose([{ ...fed }, start])
  }
}

/** The quarter of the process that a step is in the middle of; fewer than four steps leave some without. */
function middleOfQuartile(t: number, numTimesteps: number): number | undefined {
  const quartile = Math.floor((4 * t) / numTimesteps)
  return t === Math.floor(((quartile + 0.5) * numTimesteps) / 4) ? quartile : undefined
}

/** Consecutive frames, and frames spread over the window; K frames each, or T if that is fewer. */
function previewTasks(T: number, maxFrames: number): readonly Task[] {
  const K = Math.min(maxFrames, T)
  const numObserved = Math.floor(K / 3)
  return [1, Math.floor(T / K)].map((spacing) => {
    const frames = Array.from({ length: K }, (_, i) => i * spacing)
    return { observed: frames.slice(0, numObserved), latent: frames.slice(numObserved) }
  })
}

/** Puts given frames, which the sample says nothing about, in place. */
function keepObserved(pixels: Uint8Array, given: Uint8Array, obsMask: Float32Array): void {
  const frameSize = pixels.length / obsMask.length
  obsMask.forEach((observed, i) => {
    if (observed) pixels.set(given.subarray(i * frameSize, (i + 1) * frameSize), i * frameSize)
  })
}
