import { flag, int, text, type ConfigOf } from './option.js'
import { samplingOptions, videoOptions } from './sampling.js'

/** One page over runs: the options of `report`. */
export const reportOptions = {
  eval_dir: text(undefined, 'folder that sample wrote to, or several, separated by commas'),
  out: text(undefined, 'file to write (default: report.html in the first folder)'),
  title: text('Sampled videos', 'heading of the page'),
  do_n: int(4, 'show at most so many videos, side by side', { min: 1 }),
  n_seeds: int(3, 'show at most so many samples of each, below one another', { min: 1 }),
  add_gt: videoOptions.add_gt,
  fps: videoOptions.fps,
  skip_bad: flag(false, 'leave samples that are missing or damaged grey'),
  data_dir: samplingOptions.data_dir,
} as const

export type ReportConfig = ConfigOf<typeof reportOptions>
