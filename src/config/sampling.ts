import { deviceName } from '../runtime/choose-device.js'
import { samplingSchemes } from '../schemes/registry.js'
import { choice, flag, float, int, text, type ConfigOf } from './option.js'
import { optimalities } from './optimality.js'
import { samplerNames } from './sampler.js'
import { trainingOptions } from './training.js'

/** How videos are completed: the options of `sample`. Defaults are the original's. */
export const samplingOptions = {
  sampling_scheme: choice(undefined, Object.keys(samplingSchemes), 'order in which the frames are sampled'),
  batch_size: int(8, 'videos sampled together', { min: 1 }),
  eval_dir: text(undefined, 'folder to write below instead of results/<checkpoint folders>/<name>'),
  n_obs: int(36, 'first frames that are given (0: sample whole videos)', { min: 0 }),
  obs_frames: text('', 'any given frames instead, for infill: "0,49,99", "0-35,99", "every:10"', {
    insteadOf: 'n_obs',
  }),
  T: int(-1, "frames per video (-1: the data set's length)", { min: -1 }),
  max_frames: int(undefined, 'most frames the network takes at once (default: as in training)', { min: 1 }),
  max_latent_frames: int(undefined, 'new frames per stage (default: half of max_frames)', { min: 1 }),
  start_index: int(0, 'first test video', { min: 0 }),
  stop_index: int(undefined, 'end of the range of test videos (default: one batch)', { min: 1 }),
  sample_idx: int(0, 'number of this sample, where several are made of each video', { min: 0 }),
  optimality: choice(
    undefined,
    optimalities,
    'condition on the frames that optimal-schedule chose in this way (default: as the scheme has it)',
  ),
  optimal_schedule: text(
    undefined,
    'file of that schedule, .pt or .json (default: where optimal-schedule wrote it)',
  ),
  adaptive_features: choice(
    'lpips',
    ['lpips', 'pixels'],
    'what adaptive schemes compare frames by; pixels needs no weights',
  ),
  lpips_weights: text(
    undefined,
    'folder with the weights of AlexNet and LPIPS (default: LPIPS_WEIGHTS, or checkpoints/lpips)',
  ),
  sampler: choice(
    undefined,
    samplerNames,
    'how steps are taken: dpm++ is DPM-Solver++(2M), sde-dpm++ its stochastic form, both for 10 to 50 steps ' +
      '(default: ancestral)',
  ),
  use_ddim: flag(false, 'the same as --sampler ddim'),
  eta: float(0, 'noise of DDIM steps (0: none, 1: as much as ancestral sampling)', { min: 0, max: 1 }),
  limit_extrapolation: flag(
    true,
    'let steps of dpm++ and sde-dpm++ extrapolate no further than one as long as the step before ' +
      '(False: DPM-Solver++(2M) as published)',
  ),
  timestep_respacing: text('', 'steps to use: "250", "ddim50", or per section "10,20,30" (default: all)'),
  save_stages: int(1, 'keep unfinished videos after every so many stages (0: never)', { min: 0 }),
  wait: flag(true, 'wait for videos that other processes are at work on, and take them over if these die'),
  clip_denoised: flag(true, 'keep predicted clean frames within the range of pixels'),
  seed: int(0, 'seed of the noise', { min: 0 }),
  data_dir: text('', 'folder of the data set (default: as in training)'),
  precision: trainingOptions.precision,
  xla: trainingOptions.xla,
  backend: trainingOptions.backend,
  device: text(undefined, 'cpu, cuda or cuda:<number> (default: a GPU if there is one)', {
    read: deviceName,
  }),
} as const

const { max_frames, max_latent_frames, sample_idx, eval_dir, seed } = samplingOptions
const { adaptive_features, lpips_weights } = samplingOptions
const { sampler, use_ddim, eta, limit_extrapolation, timestep_respacing, clip_denoised } = samplingOptions
const { data_dir, precision, xla, backend, device } = samplingOptions

/** Videos without end: the options of `sample-long`. */
export const longSamplingOptions = {
  length: int(undefined, 'frames to reach, given ones included (default: until it is stopped)', { min: 1 }),
  sampling_scheme: choice(
    'autoreg',
    Object.keys(samplingSchemes),
    'order in which the frames of a chunk are sampled',
  ),
  chunk_length: int(undefined, 'frames of a chunk, of which half are new (default: T of training)', {
    min: 2,
  }),
  n_obs: int(undefined, 'first frames that are given (0: none; default: half a chunk)', { min: 0 }),
  start_index: int(0, 'test video whose frames are given', { min: 0 }),
  ...{ eval_dir, max_frames, max_latent_frames, sample_idx },
  ...{ adaptive_features, lpips_weights },
  ...{ sampler, use_ddim, eta, limit_extrapolation, timestep_respacing, clip_denoised, seed },
  ...{ data_dir, precision, xla, backend, device },
} as const

/** Pictures and films of samples: the options of `make-mp4`. Defaults are the original's. */
export const videoOptions = {
  eval_dir: text(undefined, 'folder that holds samples/ and model_config.json'),
  out_dir: text(undefined, 'folder whose videos/ is written to (default: eval_dir)'),
  add_gt: flag(true, 'show the true video on top'),
  do_n: int(1, 'how many videos, side by side', { min: 1 }),
  n_seeds: int(1, 'how many samples of each, below one another', { min: 1 }),
  obs_length: int(0, 'mark this many first frames as observed, with a red border', { min: 0 }),
  obs_frames: text('', 'mark these frames instead, as sample takes them: "0,49,99", "0-35,99", "every:10"', {
    insteadOf: 'obs_length',
  }),
  format: choice('gif', ['gif', 'mp4', 'avi', 'webm', 'png'], 'kind of file (png: a sheet of some frames)'),
  data_dir: text('', 'folder of the data set (default: as in training)'),
  T: int(-1, 'how many first frames to show (-1: all)', { min: -1 }),
  fps: float(10, 'frames a second', { min: 0.1, max: 100 }),
  scale: int(1, 'enlarge each pixel to a square of this size', { min: 1, max: 64 }),
  skip_bad: flag(false, 'leave samples that are missing or damaged grey'),
} as const

export type SamplingConfig = ConfigOf<typeof samplingOptions>
export type LongSamplingConfig = ConfigOf<typeof longSamplingOptions>
export type VideoConfig = ConfigOf<typeof videoOptions>
