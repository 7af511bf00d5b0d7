import { drivingOptions, fvdOptions } from './evaluation.js'
import { flag, int, type ConfigOf } from './option.js'
import { samplingOptions } from './sampling.js'

const { eval_dir } = fvdOptions
const { n_obs, obs_frames } = drivingOptions
const { lpips_weights, data_dir, backend, device } = samplingOptions

/** How like the truth samples are, frame by frame: the options of `quality`. */
export const qualityOptions = {
  eval_dir,
  num_videos: int(undefined, 'compare the first so many videos (default: all there are)', { min: 1 }),
  n_seeds: int(undefined, 'how many samples of each video (default: all there are)', { min: 1 }),
  n_obs,
  obs_frames,
  lpips_weights,
  skip_bad: flag(false, 'leave out videos of which a sample is missing or damaged'),
  data_dir,
  backend,
  device,
} as const

export type QualityConfig = ConfigOf<typeof qualityOptions>
