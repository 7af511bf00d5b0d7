import { ancestralSampler } from '../diffusion/samplers/ancestral.js'
import type { Sampler } from '../diffusion/types.js'
import { outlineVideo } from '../schemes/plan.js'
import { range } from '../schemes/range.js'
import type { SamplingScheme, SchemeSettings, Stage } from '../schemes/types.js'
import { checkSampleVideo } from './check-sample-video.js'
import {
  denoisingStep,
  type DenoisingStep,
  type SamplingDiffusion,
  type SamplingModel,
} from './denoising-step.js'
import { nextBatch, rowsFor } from './next-batch.js'
import type { EmbedFrames } from './pixel-features.js'
import { defaultStepSize } from './scheme-settings.js'
import { sampleStage } from './sample-stage.js'
import { batchOf, filmOf, type VideoBatch } from './video-batch.js'
import { beginVideo } from './video-in-progress.js'

export interface SampleVideoOptions {
  readonly model: SamplingModel
  readonly diffusion: SamplingDiffusion
  /** Videos of which the frames `observed` are given; of the others only the number matters. */
  readonly videos: VideoBatch
  /** How many first frames are given (0: sample whole videos), or which, ascending: see the scheme `infill`. */
  readonly observed: number | readonly number[]
  readonly scheme: SamplingScheme
  /** What an adaptive scheme compares frames by. Default: their pixels. */
  readonly embed?: EmbedFrames
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
  /** How many stages there are. */
  readonly stages: number
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
  checkSampleVideo(options)
  const { diffusion, videos: given, observed, scheme, embed, maxFrames, onProgress, signal } = options
  const { seed = 0, sampleIdx = 0, videoIndices = range(given.shape[0]) } = options
  const settings: SchemeSettings = {
    videoLength: given.shape[1],
    observed,
    maxFrames,
    stepSize: options.maxLatentFrames ?? defaultStepSize(maxFrames),
  }
  const stages = outlineVideo(scheme, settings).length
  const videos = videoIndices.map((video, b) =>
    beginVideo({ given: filmOf(given, b), scheme, settings, key: { seed, video, sampleIdx }, embed }),
  )
  const denoise = options.denoise ?? ownStep(options)
  const { numTimesteps } = diffusion
  try {
    for (let batch = nextBatch(videos); batch[0]; batch = nextBatch(videos)) {
      const { index, ...frames } = batch[0].next
      const onStep = (step: number, steps: number) => {
        onProgress?.({ stage: index, stages, step, steps, frames })
        signal?.throwIfAborted()
      }
      onStep(0, numTimesteps)
      await sampleStage(batch, { denoise, numTimesteps, rows: rowsFor(batch.length, videos.length), onStep })
      for (const video of batch) video.advance()
    }
  } finally {
    if (denoise !== options.denoise) denoise.dispose()
  }
  return batchOf(videos.map(({ frames }) => frames.toFilm()))
}

function ownStep({ model, diffusion, sampler, clipDenoised = true }: SampleVideoOptions): DenoisingStep {
  return denoisingStep({
    model,
    diffusion,
    sampler: sampler ?? ancestralSampler(diffusion.numTimesteps),
    clipDenoised,
  })
}
