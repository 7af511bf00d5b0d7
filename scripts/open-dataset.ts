import type { VideoDataset } from '../src/data/dataset.js'
import { BadVideoError, type BadVideo } from '../src/data/file-dataset.js'
import { datasetDefaults, openDataset, type OpenDatasetOptions } from '../src/data/registry.js'
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
  const onBad = ({ reason }: BadVideo) => terminal.log(`left out: ${reason}`)
  return withProgress(terminal, 'reading videos', (onProgress) =>
    openDataset({
      ...datasetRequest(config, split),
      ...(T !== undefined && { T }),
      ...(config.skip_bad === true && { onBad }),
      onNote: (note) => terminal.log(`note: ${note}`),
      onProgress,
      signal: terminal.signal,
    }),
  ).catch((error: unknown) => {
    if (!(error instanceof BadVideoError) || split === 'test') throw error
    throw new UserError(`${error.message}; or leave out what cannot be used with --skip_bad`, {
      cause: error,
    })
  })
}

/** A configuration whose data set is in another folder; '' leaves it where it was in training. */
export function inDataDir<C extends DatasetConfig>(config: C, dataDir: string): C {
  return dataDir === '' ? config : { ...config, data_dir: dataDir }
}

/** What a configuration says of a data set. */
export function datasetRequest(config: DatasetConfig, split: 'train' | 'test'): OpenDatasetOptions {
  const { data_dir: dataDir, test_share: testShare, test_list: testList } = config
  return {
    name: datasetName(config),
    split,
    dataDir: typeof dataDir === 'string' && dataDir !== '' ? dataDir : undefined,
    T: positive(config.T),
    imageSize: positive(config.image_size),
    frameStride: positive(config.frame_stride),
    resize: config.resize === 'fit' ? 'fit' : 'crop',
    frameRate: positive(config.frame_rate),
    testShare: typeof testShare === 'number' ? testShare : undefined,
    testList: typeof testList === 'string' && testList !== '' ? testList : undefined,
  }
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
