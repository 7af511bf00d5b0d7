import { choice, flag, float, int, text, type ConfigOf } from './option.js'
import { samplingOptions } from './sampling.js'

const { sample_idx, data_dir, backend, device } = samplingOptions

/** The Fréchet video distance of samples: the options of `fvd`. Names and defaults are the original's. */
export const fvdOptions = {
  eval_dir: text(undefined, 'folder that holds samples/ and model_config.json'),
  num_videos: int(undefined, 'compare the first so many videos (default: all there are)', { min: 2 }),
  sample_idx,
  batch_size: int(undefined, 'videos read at a time (default: by data set)', { min: 1 }),
  i3d_weights: text(
    '',
    "file or folder of the network's weights (default: the variable I3D_WEIGHTS, else checkpoints/i3d)",
  ),
  skip_bad: flag(false, 'leave out samples that are missing or damaged'),
  compat: choice(
    'none',
    ['none', 'original'],
    'original: cut pixels off to whole numbers where published distances did',
  ),
  bootstrap: int(100, 'sets of videos drawn anew for the interval (0: no interval)', { min: 0 }),
  seed: int(0, 'seed of the interval', { min: 0 }),
  data_dir,
  backend,
  device,
} as const

/** Where in the town frames were taken: the options of `to-world-coords`. Names and defaults are the original's. */
export const coordinateOptions = {
  classifier_path: text(undefined, 'network that chooses the cell of the town, a PyTorch file'),
  regressor_path: text(undefined, 'network that gives the position within it, a PyTorch file'),
  eval_dir: text(undefined, 'folder whose samples/ are looked at; coordinates go to its coords/'),
  dataset_dir: text(undefined, 'or folder of a data set; coordinates go to results/<dataset_dir>/coords/'),
  batch_size: int(8, 'frames that go through the networks at once', { min: 1 }),
  skip_bad: flag(false, 'leave out videos that are damaged'),
  backend,
  device,
} as const

/** How sampled drives compare with real ones: the options of `carla-metrics`. Defaults are the paper's. */
export const drivingOptions = {
  eval_dir: text(undefined, 'folder that holds samples/ and coords/ (see to-world-coords)'),
  sample_idx,
  dataset_dir: text(undefined, 'folder of the data set to compare with (default: as in training)'),
  reference: choice(
    'regressed',
    ['regressed', 'true'],
    'coordinates of the data set: as to-world-coords sees them, or the true ones',
  ),
  stride: int(10, 'frames between the two positions that make a speed', { min: 1 }),
  pairs: choice('all', ['all', 'disjoint'], 'a speed begins at every frame, or where the one before ends'),
  count_given: flag(true, 'count speeds between two given frames, too'),
  n_obs: int(undefined, "first frames that were given (default: from the folder's name)", { min: 0 }),
  obs_frames: text('', 'given frames instead, for infill: "0,49,99", "0-35,99", "every:10"', {
    insteadOf: 'n_obs',
  }),
  limit: float(10, 'speeds above are outliers, in m/s', { min: 0 }),
  fps: float(10, 'frames a second', { min: 0.1 }),
  skip_bad: flag(false, 'leave out samples whose coordinates are missing or damaged'),
} as const

export type FvdConfig = ConfigOf<typeof fvdOptions>
export type CoordinateConfig = ConfigOf<typeof coordinateOptions>
export type DrivingConfig = ConfigOf<typeof drivingOptions>
