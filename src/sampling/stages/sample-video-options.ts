import type { SamplerStep } from '../../diffusion/types.js'
import type { SamplingScheme, Stage } from '../../schemes/types.js'
import type { FrameFeatures } from '../features/frame-features.js'
import type { VideoBatch } from '../videos/video-batch.js'
import type { DenoisingStep, SamplingDiffusion, SamplingModel } from './denoising-step.js'

export interface SampleVideoOptions {
  readonly model: SamplingModel
  readonly diffusion: SamplingDiffusion
  /** Videos of which the frames `observed` are given; of the others only the number matters. */
  readonly videos: VideoBatch
  /** How many first frames are given (0: sample whole videos), or which, ascending: see the scheme `infill`. */
  readonly observed: number | readonly number[]
  readonly scheme: SamplingScheme
  /** What an adaptive scheme compares frames by. Default: their pixels. */
  readonly features?: FrameFeatures
  /**
   * K: most frames that the network takes at once; as a rule the `max_frames` it was trained with. More of them work, as
   * the network knows frames by their distances alone, but it has not learned to use so many.
   */
  readonly maxFrames: number
  /** Most new frames per stage, which schemes know as `stepSize`. Default: half of `maxFrames`, rounded down. */
  readonly maxLatentFrames?: number
  /** Made from the schedule of `diffusion`, or a step of one's own for it. Default: ancestral sampling. */
  readonly sampler?: SamplerStep
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
