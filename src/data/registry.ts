import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { expectChoice, expectObject } from '../expect.js'
import { cacheFolder } from '../runtime/cache-folder.js'
import { findFfmpeg } from '../setup/ffmpeg.js'
import { carlaFiles } from './carla-files.js'
import type { VideoDataset } from './dataset.js'
import { fileDataset, type SourceFile } from './file-dataset.js'
import { folderFiles } from './folder-files.js'
import { frameCacheFolder } from './frame-cache.js'
import { npyFiles } from './npy-files.js'

export interface DatasetDefaults {
  /** Frames per window; undefined where it must be given. */
  readonly T: number | undefined
  /** Height and width of a frame in pixels. */
  readonly imageSize: number
  /** Relative to the project's folder; undefined where it must be given. */
  readonly folder: string | undefined
}

export interface OpenDatasetOptions {
  readonly name: string
  readonly split: 'train' | 'test'
  /** The folder that holds the data; the data set's own below `root` by default. */
  readonly dataDir?: string | undefined
  /** Frames per window; the data set's by default. */
  readonly T?: number | undefined
  /** Height and width in pixels; the data set's by default. */
  readonly imageSize?: number | undefined
  /** The folder that holds `datasets/`; the working folder by default. */
  readonly root?: string | undefined
  /** A fast local disk to read from; the variable DATA_ROOT by default. */
  readonly dataRoot?: string | undefined
  /** Where decoded frames go if they cannot be kept beside the videos. */
  readonly cacheFolder?: string | undefined
  /** Called while videos are decoded. */
  readonly onProgress?: ((done: number, total: number, note: string) => void) | undefined
  /** Stops the decoding of videos. */
  readonly signal?: AbortSignal | undefined
}

interface DatasetRecord extends DatasetDefaults {
  /** How to come by the data: the end of a sentence about a missing folder. */
  readonly source: string
  /** The files of raw frames of one split, in order. */
  readonly files: (
    folder: string,
    options: OpenDatasetOptions,
    imageSize: number,
  ) => SourceFile[] | Promise<SourceFile[]>
}

/** Adding a data set: one record here. */
const DATASETS: Readonly<Record<string, DatasetRecord>> = {
  carla_no_traffic: {
    folder: 'datasets/carla/no-traffic',
    T: 1000,
    imageSize: 128,
    source: 'unpack https://www.cs.ubc.ca/~wsgh/fdm/carla/no-traffic.tar.gz there',
    files: (folder, { split }) => asTheyAre(carlaFiles(folder, split)),
  },
  mazes_cwvae: {
    folder: 'datasets/gqn_mazes-torch',
    T: 300,
    imageSize: 64,
    source:
      'put the videos of https://archive.org/download/gqn_mazes/gqn_mazes.zip there ' +
      'as train/<i>.npy and test/<i>.npy, uint8 (T, 64, 64, 3)',
    files: (folder, { split }) => asTheyAre(npyFiles(folder, split)),
  },
  minerl: {
    folder: 'datasets/minerl_navigate-torch',
    T: 500,
    imageSize: 64,
    source:
      'put the videos of the TensorFlow data set minerl_navigate there ' +
      'as train/<i>.npy and test/<i>.npy, uint8 (T, 64, 64, 3)',
    files: (folder, { split }) => asTheyAre(npyFiles(folder, split)),
  },
  toy_town: {
    folder: 'datasets/toy-town',
    T: 100,
    imageSize: 32,
    source: 'render it with "npx fdm toy-town"',
    files: (folder, { split }) => asTheyAre(carlaFiles(folder, split)),
  },
  folder: {
    folder: undefined,
    T: undefined,
    imageSize: 64,
    source: 'give a folder of videos with --data_dir',
    files: (folder, options, imageSize) => {
      const fallback = options.cacheFolder ?? cacheFolder()
      const cache = { folder: frameCacheFolder(folder, imageSize, fallback), imageSize, ffmpeg: findFfmpeg }
      return folderFiles(folder, options.split, cache, options.onProgress, options.signal)
    },
  },
}

/** The names of all data sets. */
export const datasetNames: readonly string[] = Object.keys(DATASETS)

/**
 * What a data set takes where nothing is given.
 * @throws UserError listing the data sets if there is none of that name.
 */
export function datasetDefaults(name: string): DatasetDefaults {
  const { T, imageSize, folder } = find(name)
  return { T, imageSize, folder }
}

/**
 * Opens one split of a data set.
 * @throws UserError that says what is missing and where to get it: an unknown name, no folder, no videos,
 * a listed file that is not there, a video that is shorter than T or has frames of another size.
 */
export async function openDataset(options: OpenDatasetOptions): Promise<VideoDataset> {
  expectObject('openDataset takes options with a name and a split', options, { name: 'string' })
  expectChoice('openDataset takes as split one of', options.split, ['train', 'test'])
  const { name, split, root = '.' } = options
  const { dataRoot = process.env.DATA_ROOT } = options
  const record = find(name)
  const T = options.T ?? record.T
  const imageSize = options.imageSize ?? record.imageSize
  if (T === undefined) throw new UserError(`data set ${name} has no length of its own: give it with --T`)
  if (!(Number.isInteger(T) && T > 0)) throw new UserError(`--T takes an integer of at least 1, not ${T}`)
  const folder = findFolder(name, record, options, root, dataRoot)
  const files = await record.files(folder, options, imageSize)
  if (files.length === 0) throw new UserError(`data set ${name} has no ${split} videos in ${folder}`)
  return fileDataset({ name, split, T, imageSize, files, source: { dataRoot, root } })
}

const asTheyAre = (files: readonly string[]) => files.map((file) => ({ file }))

function find(name: string): DatasetRecord {
  const record = Object.hasOwn(DATASETS, name) ? DATASETS[name] : undefined
  if (!record) throw new UserError(`there is no data set ${name}: choose one of ${datasetNames.join(', ')}`)
  return record
}

/** The folder given or the default one; where only the local disk of DATA_ROOT has that one, there. */
function findFolder(
  name: string,
  record: DatasetRecord,
  { dataDir }: OpenDatasetOptions,
  root: string,
  dataRoot: string | undefined,
): string {
  const relative = dataDir ?? record.folder
  if (relative === undefined) throw new UserError(`data set ${name} needs a folder: ${record.source}`)
  const candidates = [path.resolve(root, relative), ...(dataRoot ? [path.resolve(dataRoot, relative)] : [])]
  const found = candidates.find((folder) => existsSync(folder))
  if (found && !statSync(found).isDirectory())
    throw new UserError(`${found} is a file: give the folder of data set ${name}`)
  if (found) return found
  throw new UserError(`data set ${name} is not in ${candidates.join(' or ')}: ${record.source}`)
}
