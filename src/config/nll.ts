import { int, type ConfigOf } from './option.js'
import { samplingOptions } from './sampling.js'

const { sampling_scheme, eval_dir, n_obs, obs_frames, T, max_frames, max_latent_frames } = samplingOptions
const { optimality, optimal_schedule, adaptive_features, lpips_weights } = samplingOptions
const { start_index, timestep_respacing, clip_denoised, seed } = samplingOptions
const { wait, data_dir, precision, xla, backend, device } = samplingOptions

/** The bound on the likelihood of test videos along a scheme: the options of `nll`. */
export const nllOptions = {
  sampling_scheme,
  num_timesteps: int(
    undefined,
    'diffusion steps looked at in each stage, to estimate the bound (default: all)',
    { min: 1 },
  ),
  batch_size: int(8, 'diffusion steps looked at together, and videos of a job in an array', { min: 1 }),
  ...{ eval_dir, n_obs, obs_frames, T, max_frames, max_latent_frames, start_index },
  stop_index: int(undefined, 'end of the range of test videos (default: all)', { min: 1 }),
  ...{ optimality, optimal_schedule, adaptive_features, lpips_weights, timestep_respacing, clip_denoised },
  seed: { ...seed, help: 'seed of noise and diffusion steps' },
  wait,
  ...{ data_dir, precision, xla, backend, device },
} as const

export type NllConfig = ConfigOf<typeof nllOptions>
