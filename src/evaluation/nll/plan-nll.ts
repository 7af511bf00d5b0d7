import type { NllConfig } from '../../config/nll.js'
import { defaultsOf } from '../../config/option.js'
import { samplingOptions } from '../../config/sampling.js'
import { respacedTimesteps } from '../../diffusion/respacing.js'
import { UserError } from '../../errors.js'
import { planSampleRun, type SampleRun, type SampleRunInputs } from '../../sampling/runs/plan-sample-run.js'
import { selectVideos } from '../../sampling/runs/select-videos.js'

/** What the `nll` command works with. */
export interface NllInputs extends Omit<SampleRunInputs, 'options'> {
  readonly options: NllConfig
}

/** A run of measuring with everything decided, before any work. */
export interface NllRun extends SampleRun {
  /** Diffusion steps, and how many of them are looked at in each stage. */
  readonly numTimesteps: number
  readonly count: number
}

/**
 * Decides which bounds are measured, and where they are written: `elbos/` in the folder of the run.
 * @throws UserError for options that do not fit each other, the checkpoint or the data set.
 */
export function planNll({ options, taskId, ...inputs }: NllInputs): NllRun {
  const { checkpoint, dataset } = inputs
  const { length: available } = dataset
  const { start_index: start, batch_size: batchSize, timestep_respacing: respacing } = options
  const stop = options.stop_index ?? (taskId === undefined ? available : undefined)
  const videos = selectVideos({ start, stop, batchSize, taskId, available })
  // As sampling does; one video is enough to plan all.
  const sampling = { ...defaultsOf(samplingOptions), ...options, start_index: start, stop_index: start + 1 }
  const run = planSampleRun({ ...inputs, options: sampling })
  const numTimesteps = respacedTimesteps(checkpoint.config.diffusion_steps, respacing).length
  const count = options.num_timesteps ?? numTimesteps
  if (count > numTimesteps)
    throw new UserError(`--num_timesteps ${count}: there are ${numTimesteps} diffusion steps to look at`)
  return { ...run, videos, numTimesteps, count }
}
