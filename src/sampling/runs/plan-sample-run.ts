import path from 'node:path'
import type { DiffusionConfig } from '../../config/model.js'
import type { SamplingConfig } from '../../config/sampling.js'
import type { VideoDataset } from '../../data/dataset.js'
import { respacedTimesteps } from '../../diffusion/respacing.js'
import { outlineVideo } from '../../schemes/plan.js'
import type { SamplingScheme, SchemeSettings } from '../../schemes/types.js'
import { modelResultsFolder, runIdentifier } from '../results/results-layout.js'
import { resultsOf } from '../results/results-of.js'
import type { SamplingModel } from '../stages/denoising-step.js'
import { schemeSettings } from '../stages/scheme-settings.js'
import { chosenScheme, type ChosenScheme } from './chosen-scheme.js'
import { selectVideos } from './select-videos.js'

/** What the `sample` command works with. */
export interface SampleRunInputs {
  readonly checkpoint: {
    /** As the person gave it: the folder of the results is named after it. */
    readonly path: string
    /** Training steps done, if it says. */
    readonly step: number | undefined
    readonly config: DiffusionConfig & Readonly<Record<string, unknown>>
    readonly model: SamplingModel
    /** Tells its parameters from others; what is not known is not compared. */
    readonly digest?: string
  }
  /** Test videos, opened with the number of frames to make. */
  readonly dataset: VideoDataset
  readonly options: SamplingConfig
  /** Number of this process in an array of jobs, if it is in one. */
  readonly taskId?: number | undefined
}

/** A run of sampling with everything decided, before any work. */
export interface SampleRun {
  /** Folder of the run; `samples/` and `model_config.json` lie in it. */
  readonly folder: string
  readonly scheme: SamplingScheme
  /** The optimised schedule that the scheme follows, if it does. */
  readonly optimised: ChosenScheme['optimised']
  readonly settings: SchemeSettings
  /** Videos of the data set, ascending. */
  readonly videos: readonly number[]
  /** Stages per video. */
  readonly stages: number
  /** What the scheme compares frames by, if it is adaptive. */
  readonly features: SamplingConfig['adaptive_features'] | undefined
}

/**
 * Decides what a run does and where it writes.
 * @throws UserError for options that do not fit each other, the checkpoint or the data set.
 */
export function planSampleRun({ checkpoint, dataset, options, taskId }: SampleRunInputs): SampleRun {
  const results = resultsOf(checkpoint, options)
  // Steps that cannot be had are an error before any work, as all other settings are.
  respacedTimesteps(checkpoint.config.diffusion_steps, options.timestep_respacing)
  const settings = schemeSettings(options, dataset.T, checkpoint.config.max_frames)
  const { scheme, optimised } = chosenScheme(options, settings, results)
  const stages = outlineVideo(scheme, settings).length
  const parent = options.eval_dir ?? modelResultsFolder(results)
  const videos = selectVideos({
    start: options.start_index,
    stop: options.stop_index,
    batchSize: options.batch_size,
    taskId,
    available: settings.observed === 0 ? undefined : dataset.length,
  })
  return {
    folder: path.join(
      parent,
      runIdentifier({
        scheme: scheme.name,
        settings,
        ...(optimised && { optimality: optimised.optimality }),
      }),
    ),
    scheme,
    optimised,
    settings,
    videos,
    stages,
    features: scheme.adaptive ? options.adaptive_features : undefined,
  }
}
