import { optimalities } from './optimality.js'
import { choice, int, type ConfigOf } from './option.js'
import { samplingOptions } from './sampling.js'

const { sampling_scheme, eval_dir, n_obs, obs_frames, T, max_frames, max_latent_frames } = samplingOptions
const { wait, clip_denoised, data_dir, precision, xla, backend, device } = samplingOptions

/** The choice of the frames that each stage conditions on: the options of `optimal-schedule`. */
export const optimalScheduleOptions = {
  sampling_scheme,
  optimality: choice(
    'linspace-t',
    optimalities,
    'diffusion times of the errors, evenly spread or random; -force-nearby takes the nearest frames first',
  ),
  num_videos: int(100, 'training videos that the error is a mean over', { min: 1 }),
  num_timesteps: int(
    10,
    'diffusion times that linspace-t spreads the videos over (random-t draws one for each)',
    { min: 1 },
  ),
  batch_size: int(8, 'candidates that are looked at together', { min: 1 }),
  ...{ eval_dir, n_obs, obs_frames, T, max_frames, max_latent_frames },
  seed: int(0, 'seed of videos and noise', { min: 0 }),
  wait: { ...wait, help: 'wait for stages that other processes are at work on, and take over if they die' },
  ...{ clip_denoised, data_dir, precision, xla, backend, device },
} as const

export type OptimalScheduleConfig = ConfigOf<typeof optimalScheduleOptions>
