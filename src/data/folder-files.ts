import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { counted } from '../counted.js'
import { UserError } from '../errors.js'
import { fileReason } from '../system-errors.js'
import { byName } from './by-name.js'
import { BadVideoError, type BadVideo, type SourceFile } from './file-dataset.js'
import { cachedFrames, type FrameCache } from './frame-cache.js'
import { picturesIn } from './picture-folder.js'

const VIDEO_NAME = /^[^.].*\.(mp4|m4v|webm|gif|avi|mov|mkv|npy|pt)$/is

/** Which videos are for testing; the others are for training. */
export type FolderSplit =
  /** Of all videos the last ones by name, at least one; a single video serves as both. */
  | { readonly testShare: number }
  /** A text file with a name in each line. */
  | { readonly testList: string }

export interface FolderRequest {
  readonly folder: string
  readonly split: 'train' | 'test'
  readonly by: FolderSplit
  readonly cache: FrameCache
  /** Called after each video, and once before the first. */
  readonly onProgress?: ((done: number, total: number, note: string) => void) | undefined
  /** Told of videos that cannot be decoded, which are then left out; without it they are errors. */
  readonly onBad?: ((bad: BadVideo) => void) | undefined
  /** Told, in one line, of a split that is none. */
  readonly onNote?: ((note: string) => void) | undefined
  /** Stops while a video is decoded; the error is the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The videos of one split of any folder of videos, as files of raw frames, in the order of their names. A
 * folder of pictures in it is a video too.
 * @throws UserError naming the folder if it holds no videos, the video that cannot be decoded, or the line of
 *   the list that names none.
 */
export async function folderFiles(request: FolderRequest): Promise<SourceFile[]> {
  const { folder, split, by, cache, onProgress, onBad, onNote, signal } = request
  const all = videoNames(folder)
  const names = splitNames(all, split, by, folder)
  if (!('testList' in by) && all.length === 1)
    onNote?.(
      `${path.join(folder, all[0] ?? '')} is the only video: it is both trained on and tested on, so that no test ` +
        'shows anything new',
    )
  const files: SourceFile[] = []
  let done = 0
  for (const name of names) {
    onProgress?.(done++, names.length, name)
    signal?.throwIfAborted()
    const video = path.join(folder, name)
    try {
      files.push({ file: await cachedFrames(video, cache, signal), video })
    } catch (error) {
      if (!(error instanceof UserError) || signal?.aborted) throw error
      if (!onBad) throw new BadVideoError(error.message, { cause: error })
      onBad({ video, reason: error.message })
    }
  }
  onProgress?.(names.length, names.length, '')
  return files
}

function videoNames(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  const names = entries
    .filter(
      ({ name }) =>
        VIDEO_NAME.test(name) || (!name.startsWith('.') && picturesIn(path.join(folder, name)).length > 0),
    )
    .map(({ name }) => name)
  if (names.length === 0)
    throw new UserError(
      `there are no videos in ${folder}: expected files ending in mp4, m4v, webm, gif, avi, mov, mkv, npy or pt, ` +
        'or a folder of pictures (png, jpg) for each video',
    )
  return names.sort(byName)
}

function splitNames(
  names: readonly string[],
  split: 'train' | 'test',
  by: FolderSplit,
  folder: string,
): readonly string[] {
  if ('testList' in by) {
    const listed = readList(by.testList, names, folder)
    return names.filter((name) => listed.has(name) === (split === 'test'))
  }
  if (names.length < 2) return names
  const trainCount = names.length - Math.max(1, Math.floor(names.length * by.testShare + 1e-9))
  if (trainCount === 0)
    throw new UserError(
      `--test_share ${by.testShare} leaves none of ${counted(names.length, 'video')} to train on`,
    )
  return split === 'train' ? names.slice(0, trainCount) : names.slice(trainCount)
}

function readList(list: string, names: readonly string[], folder: string): ReadonlySet<string> {
  let text
  try {
    // Relative to the working folder as any path that is typed, or beside the videos.
    text = readFileSync(existsSync(list) ? list : path.resolve(folder, list), 'utf8')
  } catch (error) {
    throw new UserError(`could not read --test_list ${list}: ${fileReason(error) ?? String(error)}`, {
      cause: error,
    })
  }
  const known = new Set(names)
  const listed = text.split(/\r?\n/).map((line) => line.trim().replace(/\/$/, ''))
  listed.forEach((name, i) => {
    if (name !== '' && !known.has(name))
      throw new UserError(`${list} line ${i + 1} names ${name}, which is no video in ${folder}`)
  })
  return new Set(listed.filter((name) => name !== ''))
}
