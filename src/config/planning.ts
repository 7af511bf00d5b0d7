import { flag, int, text, type ConfigOf } from './option.js'
import { samplingOptions } from './sampling.js'

/** What is to be planned, and how it is shown: the options of `plan`. */
export const planningOptions = {
  sampling_scheme: samplingOptions.sampling_scheme,
  checkpoint: text('', 'trained model: it knows the defaults, and how long a call takes is measured'),
  T: int(-1, "frames per video (-1: the checkpoint's data set's length)", { min: -1 }),
  n_obs: samplingOptions.n_obs,
  obs_frames: samplingOptions.obs_frames,
  max_frames: samplingOptions.max_frames,
  max_latent_frames: samplingOptions.max_latent_frames,
  optimality: samplingOptions.optimality,
  optimal_schedule: samplingOptions.optimal_schedule,
  adaptive_features: samplingOptions.adaptive_features,
  eval_dir: text(undefined, 'folder that sample would write below, if not below results/'),
  batch_size: samplingOptions.batch_size,
  diffusion_steps: int(undefined, "steps before respacing (default: the checkpoint's, or 1000)", { min: 1 }),
  timestep_respacing: samplingOptions.timestep_respacing,
  measure: flag(true, 'measure a call of the network, if there is a checkpoint'),
  picture: text('', 'draw the plan into this file: .png, or .svg with labels'),
  json: flag(false, 'print the plan as JSON and nothing else'),
  precision: samplingOptions.precision,
  xla: samplingOptions.xla,
  backend: samplingOptions.backend,
  device: samplingOptions.device,
} as const

export type PlanningConfig = ConfigOf<typeof planningOptions>
