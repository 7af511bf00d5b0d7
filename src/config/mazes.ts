import { fvdOptions } from './evaluation.js'
import { flag, type ConfigOf } from './option.js'
import { qualityOptions } from './quality.js'

const { eval_dir, data_dir } = fvdOptions
const { num_videos, n_seeds, n_obs, obs_frames } = qualityOptions

/** Whether samples of mazes go the way of the true walk: the options of `mazes-accuracy`. */
export const mazesOptions = {
  eval_dir,
  num_videos,
  n_seeds,
  n_obs,
  obs_frames,
  skip_bad: flag(false, 'leave out samples that are missing or damaged'),
  data_dir,
} as const

export type MazesConfig = ConfigOf<typeof mazesOptions>
