import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { counted } from '../counted.js'
import { UserError } from '../errors.js'
import { readText } from '../files/read-text.js'
import { writeFileAtomic } from '../files/write-file.js'
import { fileReason } from '../system-errors.js'

/** So many videos, those of the highest numbers, are for testing. */
const TEST_VIDEOS = 100

export interface CarlaSplit {
  readonly train: number
  readonly test: number
  /** The two lists. */
  readonly files: readonly string[]
}

/**
 * Writes `video_train.csv` and `video_test.csv` into a folder of `video_<i>.pt`: by number, the last 100 are
 * for testing, the rest for training. Byte for byte what the original's `make_train_test_split.py` writes:
 * rows are numbered through both lists, paths begin with the folder as it was given.
 * @param overwrite whether lists that say something else are replaced
 * @throws UserError if there are 100 videos or fewer, a name has no number, or other lists are there.
 */
export function splitCarla(folder: string, overwrite = false): CarlaSplit {
  const videos = numberedVideos(folder)
  if (videos.length <= TEST_VIDEOS)
    throw new UserError(
      `${folder} holds ${counted(videos.length, 'video')} (video_<i>.pt): ${TEST_VIDEOS} are for testing, and some must be left to train on`,
    )
  const train = videos.length - TEST_VIDEOS
  const rows = videos.map((name, row) => `${row},${pythonPath(folder, name)}\n`)
  const lists = [
    [path.join(folder, 'video_train.csv'), rows.slice(0, train)],
    [path.join(folder, 'video_test.csv'), rows.slice(train)],
  ] as const
  const contents = lists.map(([file, lines]) => [file, `,path\n${lines.join('')}`] as const)
  for (const [file, content] of contents)
    if (!overwrite && existsSync(file) && fileNames(readText(file)) !== fileNames(content))
      throw new UserError(`${file} is there and lists other videos: give --overwrite to replace both lists`)
  for (const [file, content] of contents) writeFileAtomic(file, content)
  return { train, test: TEST_VIDEOS, files: contents.map(([file]) => file) }
}

/** Names of the videos by number. */
function numberedVideos(folder: string): string[] {
  const numbered = new Map<number, string>()
  for (const name of namesIn(folder)) {
    if (!/^video_.*\.pt$/s.test(name)) continue
    // As the original: whatever follows a second underscore is no part of the number. No line break may: lists
    // have lines.
    const number = /^video_(\d+)(_.*)?\.pt$/.exec(name)?.[1]
    if (number === undefined)
      throw new UserError(`${path.join(folder, name)} has no number: expected video_<i>.pt`)
    const other = numbered.get(Number(number))
    if (other !== undefined)
      throw new UserError(`${folder} holds ${other} and ${name}, which have the same number: remove one`)
    numbered.set(Number(number), name)
  }
  return [...numbered].sort(([a], [b]) => a - b).map(([, name]) => name)
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    throw new UserError(`could not look into ${folder}: ${fileReason(error) ?? String(error)}`, {
      cause: error,
    })
  }
}

/** A path as Python's `pathlib` prints it: without `.` and doubled slashes, but with `..`. */
function pythonPath(...parts: readonly string[]): string {
  const joined = parts.filter((part) => part !== '').join('/')
  const names = joined.split('/').filter((name) => name !== '' && name !== '.')
  return `${joined.startsWith('/') ? '/' : ''}${names.join('/')}`
}

/** What of a list counts. */
function fileNames(list: string): string {
  return list
    .split(/\r?\n/)
    .map((line) => line.split('/').at(-1)?.replace(/^\d+,/, ''))
    .filter((name) => name?.endsWith('.pt'))
    .join()
}
