import { choice, flag, int, text, type ConfigOf } from './option.js'
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

export type FvdConfig = ConfigOf<typeof fvdOptions>
