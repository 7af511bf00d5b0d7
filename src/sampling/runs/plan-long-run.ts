import path from 'node:path'
import type { LongSamplingConfig } from '../../config/sampling.js'
import { counted } from '../../counted.js'
import type { VideoDataset } from '../../data/dataset.js'
import { respacedTimesteps } from '../../diffusion/respacing.js'
import { UserError } from '../../errors.js'
import { endlessChunks, type Chunk } from '../../schemes/endless.js'
import { findScheme } from '../../schemes/registry.js'
import type { SamplingScheme } from '../../schemes/types.js'
import { modelResultsFolder, runIdentifier, sampleName } from '../results/results-layout.js'
import { resultsOf } from '../results/results-of.js'
import { defaultStepSize } from '../stages/scheme-settings.js'
import type { SampleRunInputs } from './plan-sample-run.js'

/** What the `sample-long` command works with. */
export interface LongRunInputs {
  readonly checkpoint: SampleRunInputs['checkpoint']
  /** Test videos to start from. */
  readonly dataset: VideoDataset
  readonly options: LongSamplingConfig
  /** Frames of a chunk: as many as the model saw of a video in training, unless `options` say it. */
  readonly chunkLength: number
}

/** An endless video with everything decided, before any work. */
export interface LongRun {
  /** Folder of the run; `model_config.json` lies in it. */
  readonly folder: string
  /** Where the chunks of the video and their statistics go. */
  readonly chunkFolder: string
  readonly scheme: SamplingScheme
  /** Frames that are given. */
  readonly numObserved: number
  readonly chunk: (index: number) => Chunk
  /** What the scheme compares frames by, if it is adaptive. */
  readonly features: LongSamplingConfig['adaptive_features'] | undefined
}

/**
 * Decides how an endless video is sampled and where it is written.
 * @throws UserError for options that do not fit each other or the data set.
 */
export function planLongRun({ checkpoint, dataset, options, chunkLength }: LongRunInputs): LongRun {
  const results = resultsOf(checkpoint, options)
  respacedTimesteps(checkpoint.config.diffusion_steps, options.timestep_respacing)
  const { max_frames: trained } = checkpoint.config
  const maxFrames = options.max_frames ?? trained
  if (typeof maxFrames !== 'number')
    throw new UserError('the checkpoint does not say how many frames its network takes: give --max_frames')
  const stepSize = options.max_latent_frames ?? defaultStepSize(maxFrames)
  const numObserved = options.n_obs ?? Math.floor(chunkLength / 2)
  const { start_index: video, length } = options
  if (length !== undefined && length <= numObserved)
    throw new UserError(
      `nothing to sample: --length ${length} is reached by the ${counted(numObserved, 'given frame')} (n_obs)`,
    )
  if (numObserved > 0 && video >= dataset.length)
    throw new UserError(`there is no video ${video} to start from: there are ${dataset.length}, from 0`)
  const scheme = findScheme(options.sampling_scheme)
  const chunk = endlessChunks(scheme, { chunkLength, numObserved, maxFrames, stepSize })
  const parent = options.eval_dir ?? modelResultsFolder(results)
  const settings = { videoLength: chunkLength, observed: numObserved, maxFrames, stepSize }
  const folder = path.join(parent, runIdentifier({ scheme: `endless-${scheme.name}`, settings }))
  const chunkFolder = path.join(folder, 'chunks', sampleName(video, options.sample_idx))
  const features = scheme.adaptive ? options.adaptive_features : undefined
  return { folder, chunkFolder, scheme, numObserved, chunk, features }
}
