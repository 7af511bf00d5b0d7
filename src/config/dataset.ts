import { datasetNames } from '../data/records.js'
import { choice, flag, float, int, text, type ConfigOf } from './option.js'

/** What a data set is told: which videos there are, and what becomes of their frames. */
export const datasetOptions = {
  dataset: choice(undefined, datasetNames, 'what to learn from; may be left out where a checkpoint says it'),
  data_dir: text('', 'folder of the data set, where it is not the usual one'),
  image_size: int(
    undefined,
    "height and width of a frame in pixels; models take 32, 64, 128 or 256 (default: the data set's, 64 for a folder)",
    { min: 1 },
  ),
  T: int(-1, "frames in a training window (-1: the data set's)", { min: -1 }),
  frame_stride: int(1, 'take every n-th frame of a video', { min: 1 }),
  skip_bad: flag(false, 'leave out videos that are damaged, too short or missing, and name them'),
  resize: choice(
    'crop',
    ['crop', 'fit'],
    '--dataset folder: how frames become square: crop to the middle, or fit with black bars',
  ),
  frame_rate: float(0, '--dataset folder: frames a second to take of coded videos (0: all that are stored)', {
    min: 0,
  }),
  test_share: float(
    0.1,
    '--dataset folder: share of the videos, the last ones by name, to test on; at least one, and a single one both ' +
      'to train and to test on',
    { min: 0, max: 1 },
  ),
  test_list: text('', '--dataset folder: a file that names the videos to test on, one a line, instead'),
} as const

export type DatasetConfig = ConfigOf<typeof datasetOptions>

/** What is learned from data rather than how: what a new run takes over from a checkpoint. */
export const datasetOptionNames: readonly string[] = Object.keys(datasetOptions)
