import { existsSync, statSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { expectChoice, expectObject } from '../expect.js'
import { cacheFolder } from '../runtime/cache-folder.js'
import { findFfmpeg } from '../setup/ffmpeg.js'
import { carlaFiles } from './carla-files.js'
import type { VideoDataset } from './dataset.js'
import type { Resize } from './decode-video.js'
import { fileDataset, type BadVideo, type SourceFile } from './file-dataset.js'
import { folderFiles } from './folder-files.js'
import { frameCacheFolder } from './frame-cache.js'
import { npyFiles } from './npy-files.js'
import { datasetNames, DATASETS, type DatasetForm, type DatasetRecord } from './records.js'

export { datasetNames } from './records.js'

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
  /** Every n-th frame of a video is one of the data set's; 1 by default. */
  readonly frameStride?: number | undefined
  /** Of a folder of videos: how frames become square, `crop` by default. */
  readonly resize?: Resize | undefined
  /** Of a folder of videos: frames to take of each second; 0, the default, for all that are stored. */
  readonly frameRate?: number | undefined
  /** Of a folder of videos: the share, the last ones by name, that is for testing; 0.1 by default. */
  readonly testShare?: number | undefined
  /** Of a folder of videos: a file that names those for testing, instead. */
  readonly testList?: string | undefined
  /**
   * Told of videos that cannot be used: damaged, missing, too short, of another size. They are then left out;
   * without it they are errors.
   */
  readonly onBad?: ((bad: BadVideo) => void) | undefined
  /** Told, in one line, of what is no error and yet worth knowing: that a folder's only video is in both splits. */
  readonly onNote?: ((note: string) => void) | undefined
  /** Called while videos are decoded. */
  readonly onProgress?: ((done: number, total: number, note: string) => void) | undefined
  /** Stops the decoding of videos. */
  readonly signal?: AbortSignal | undefined
}

/** The share of a folder's videos that is for testing if nothing says it. */
const TEST_SHARE = 0.1

/** The files of raw frames of one split, in order, for each form of data set. */
const FORMS: Readonly<
  Record<
    DatasetForm,
    (
      folder: string,
      options: OpenDatasetOptions,
      imageSize: number,
    ) => readonly SourceFile[] | Promise<readonly SourceFile[]>
  >
> = {
  carla: (folder, { split, onBad }) => asTheyAre(carlaFiles(folder, split, onBad)),
  npy: (folder, { split, onBad }) => asTheyAre(npyFiles(folder, split, onBad)),
  videos: (folder, options, imageSize) => {
    const {
      resize = 'crop',
      frameRate = 0,
      testList,
      testShare = TEST_SHARE,
      onProgress,
      onBad,
      onNote,
      signal,
    } = options
    const kept = frameCacheFolder(folder, imageSize, options.cacheFolder ?? cacheFolder())
    const cache = { folder: kept, imageSize, resize, frameRate, ffmpeg: findFfmpeg }
    const by = testList === undefined ? { testShare } : { testList }
    return folderFiles({ folder, split: options.split, by, cache, onProgress, onBad, onNote, signal })
  },
}

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
  const { name, split, root = '.', frameStride = 1, onBad } = options
  const { dataRoot = process.env.DATA_ROOT } = options
  const record = find(name)
  checkForm(name, record, options)
  const T = options.T ?? record.T
  const imageSize = options.imageSize ?? record.imageSize
  if (T === undefined) throw new UserError(`data set ${name} has no length of its own: give it with --T`)
  if (!(Number.isInteger(T) && T > 0)) throw new UserError(`--T takes an integer of at least 1, not ${T}`)
  const folder = findFolder(name, record, options, root, dataRoot)
  checkStride(frameStride)
  const ofUse = onBad ? ' that can be used' : ''
  const files = await FORMS[record.form](folder, options, imageSize)
  if (files.length === 0) throw new UserError(`data set ${name} has no ${split} videos${ofUse} in ${folder}`)
  const source = { dataRoot, root }
  return fileDataset({ name, split, T, imageSize, files, source, stride: frameStride, onBad })
}

/** What makes videos of a folder into a data set would change nothing in one that is made already. */
function checkForm(name: string, { form }: DatasetRecord, options: OpenDatasetOptions): void {
  if (form === 'videos') return
  const { resize = 'crop', frameRate = 0, testShare = TEST_SHARE, testList } = options
  const given = Object.entries({
    '--resize': resize !== 'crop',
    '--frame_rate': frameRate !== 0,
    '--test_share': testShare !== TEST_SHARE,
    '--test_list': testList !== undefined,
  }).flatMap(([option, isGiven]) => (isGiven ? [option] : []))
  if (given.length > 0)
    throw new UserError(
      `${given.join(', ')}: for --dataset folder only; ${name} has frames and a split of its own`,
    )
}

function checkStride(stride: number): void {
  if (!(Number.isInteger(stride) && stride > 0))
    throw new UserError(`--frame_stride takes an integer of at least 1, not ${stride}`)
}

const asTheyAre = (files: readonly string[]) => files.map((file) => ({ file }))

function find(name: string): DatasetRecord {
  const records: Readonly<Record<string, DatasetRecord>> = DATASETS
  const record = Object.hasOwn(records, name) ? records[name] : undefined
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
