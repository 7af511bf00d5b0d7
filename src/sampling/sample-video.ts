import { ancestralSampler } from '../diffusion/samplers/ancestral.js'
import type { Sampler } from '../diffusion/types.js'
import { UserError } from '../errors.js'
import { checkedStages, planVideo, range } from '../schemes/plan.js'
import type { SamplingScheme, SchemeSettings, Stage } from '../schemes/types.js'
import {
  denoisingStep,
  type DenoisingStep,
  type SamplingDiffusion,
  type SamplingModel,
} from './denoising-step.js'
import { frameStore } from './frame-store.js'
import { sampleStage } from './sample-stage.js'
import type { VideoBatch } from './video-batch.js'

export interface SampleVideoOptions {
  readonly model: SamplingModel
  readonly diffusion: SamplingDiffusion
  /** Videos whose first `numObserved` frames are given; of the others only the number matters. */
  readonly videos: VideoBatch
  /** How many first frames are given (0: sample whole videos). */
  readonly numObserved: number
  readonly scheme: SamplingScheme
  /** Most frames that the network takes at once: at most what it was trained with. */
  readonly maxFrames: number
  /** Most new frames per stage. Default: half of `maxFrames`, rounded down. */
  readonly maxLatentFrames?: number
  /** Default: ancestral sampling. */
  readonly sampler?: Sampler
  /** Whether guesses of clean frames are kept within the range of pixels. Default: true. */
  readonly clipDenoised?: boolean
  /** A step made from the same model, diffusion and sampler, to be used again. Default: one of its own. */
  readonly denoise?: DenoisingStep
  /** A video's noise depends on the seed, its index and `sampleIdx`, and on nothing else. Default: 0. */
  readonly seed?: number
  /** Position of each video in its data set. Default: 0, 1, ... */
  readonly videoIndices?: readonly number[]
  /** Which of several samples of the same videos. Default: 0. */
  readonly sampleIdx?: number
  /** Called as each stage begins, with step 0, and after each of its steps. */
  readonly onProgress?: (progress: SamplingProgress) => void
  /** Stops sampling after the step at hand, by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

export interface SamplingProgress {
  /** Counted from 0. */
  readonly stage: number
  /** How many stages there are, if the scheme knows beforehand. */
  readonly stages: number | undefined
  /** Denoising steps of this stage done, and in total. */
  readonly step: number
  readonly steps: number
  /** What the stage conditions on and samples, in the first video of the batch. */
  readonly frames: Stage
}

/**
 * Completes videos, stage by stage as the scheme says.
 * @returns the videos, (B, T, H, W, C): given frames as they were, sampled ones rounded to pixels
 * @throws UserError, before any work, for settings that cannot work
 */
export async function sampleVideo(options: SampleVideoOptions): Promise<VideoBatch> {
  checkVideos(options)
  const { diffusion, videos, numObserved, scheme, onProgress, signal } = options
  const { seed = 0, sampleIdx = 0, maxFrames } = options
  const [B, T, H, W, C] = videos.shape
  const settings: SchemeSettings = {
    videoLength: T,
    numObserved,
    maxFrames,
    stepSize: options.maxLatentFrames ?? Math.floor(maxFrames / 2),
  }
  const total = scheme.adaptive ? undefined : planVideo(scheme, settings).length
  const frames = frameStore(videos, numObserved)
  const keys = (options.videoIndices ?? range(B)).map((video) => ({ seed, video, sampleIdx }))
  // Each video walks its own iterator: a scheme may choose by what the video's frames look like.
  const walks = range(B).map(() => checkedStages(scheme.name, settings, scheme.stages(settings)))
  const denoise = options.denoise ?? ownStep(options)
  const { numTimesteps } = diffusion
  let index = 0
  try {
    for (const stages of inStep(walks)) {
      const report = (step: number, steps: number) => {
        if (stages[0]) onProgress?.({ stage: index, stages: total, step, steps, frames: stages[0] })
        signal?.throwIfAborted()
      }
      report(0, numTimesteps)
      const stage = { denoise, numTimesteps, frameShape: [H, W, C] as const, keys, index, onStep: report }
      await sampleStage(stages, frames, stage)
      index++
    }
  } finally {
    if (denoise !== options.denoise) denoise.dispose()
  }
  return frames.toVideos()
}

function ownStep({ model, diffusion, sampler, clipDenoised = true }: SampleVideoOptions): DenoisingStep {
  return denoisingStep({
    model,
    diffusion,
    sampler: sampler ?? ancestralSampler(diffusion.numTimesteps),
    clipDenoised,
  })
}

/** The next stage of every video, until all end together. */
function* inStep(walks: readonly Iterator<Stage, void>[]): Generator<readonly Stage[], void, undefined> {
  while (true) {
    const stages = walks.flatMap((walk) => walk.next().value ?? [])
    if (stages.length === 0) return
    if (stages.length !== walks.length) throw new Error('some videos of a batch need more stages than others')
    yield stages
  }
}

function checkVideos({ model, videos, videoIndices }: SampleVideoOptions): void {
  const { shape, data } = videos
  const [B, , H, W] = shape
  const size = model.config.image_size
  const bytes = shape.reduce((product, length) => product * length, 1)
  if (B < 1) throw new UserError('there is no video to complete')
  if (data.length !== bytes)
    throw new UserError(`videos of shape (${shape.join(', ')}) have ${bytes} values, not ${data.length}`)
  if (H !== size || W !== size)
    throw new UserError(`the model is for frames of ${size}x${size} pixels, not ${H}x${W}`)
  if (videoIndices && videoIndices.length !== B)
    throw new UserError(`${videoIndices.length} indices were given for ${B} videos`)
}
