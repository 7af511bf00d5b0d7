import type { VideoDataset } from '../src/data/dataset.js'
import type { BadVideo } from '../src/data/file-dataset.js'
import { datasetDefaults, openDataset } from '../src/data/registry.js'
import { UserError } from '../src/errors.js'
import { withProgress, type Terminal } from './terminal.js'

/** A checkpoint's or a run's configuration, as far as it says what the model sees. */
export type DatasetConfig = Readonly<Record<string, unknown>>

/**
 * The data set that a configuration was trained on.
 * @param T frames per video, where it is not the configuration's
 * @throws UserError if the data set is not known or not there.
 */
export async function openConfigDataset(
  config: DatasetConfig,
  split: 'train' | 'test',
  terminal: Terminal,
  T?: number,
): Promise<VideoDataset> {
  const name = datasetName(config)
  const { data_dir: dataDir, image_size: imageSize, resize } = config
  const ownT = positive(config.T)
  const onBad = ({ reason }: BadVideo) => terminal.log(`left out: ${reason}`)
  return withProgress(terminal, 'reading videos', (update) =>
    openDataset({
      name,
      split,
      dataDir: typeof dataDir === 'string' && dataDir !== '' ? dataDir : undefined,
      T: T ?? ownT,
      imageSize: positive(imageSize),
      frameStride: positive(config.frame_stride),
      resize: resize === 'fit' ? 'fit' : 'crop',
      frameRate: positive(config.frame_rate),
      ...(typeof config.test_share === 'number' && { testShare: config.test_share }),
      ...(typeof config.test_list === 'string' && config.test_list !== '' && { testList: config.test_list }),
      ...(config.skip_bad === true && { onBad }),
      onProgress: update,
      signal: terminal.signal,
    }),
  )
}

/**
 * Frames in a whole video: the data set's own length, or for data without one that of training.
 * @throws UserError if nothing says it.
 */
export function wholeLength(config: DatasetConfig): number {
  const length = datasetDefaults(datasetName(config)).T ?? positive(config.T)
  if (length === undefined) throw new UserError('the checkpoint does not say how long videos are: give --T')
  return length
}

/**
 * Frames per video as asked for with `--T`: -1 stands for a whole video.
 * @throws UserError for 0, or if nothing says how long videos are.
 */
export function askedLength(T: number, config: DatasetConfig): number {
  if (T === 0) throw new UserError('--T takes -1 or a number of frames, not 0')
  return T === -1 ? wholeLength(config) : T
}

function datasetName({ dataset }: DatasetConfig): string {
  if (typeof dataset === 'string') return dataset
  throw new UserError('the configuration does not say which data set it belongs to')
}

const positive = (value: unknown) => (typeof value === 'number' && value > 0 ? value : undefined)
