import { readdirSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { byName } from './by-name.js'
import type { SourceFile } from './file-dataset.js'
import { cachedFrames, type FrameCache } from './frame-cache.js'

const VIDEO_NAME = /^[^.].*\.(mp4|m4v|webm|gif|avi|mov|mkv|npy|pt)$/i

/**
 * The videos of one split of any folder of videos, as files of raw frames. In name order, the last tenth
 * of the videos, at least one, is for testing, the rest for training; a single video serves as both.
 * @param onProgress called after each video, and once before the first
 * @param signal stops while a video is decoded; the error is the signal's reason
 * @throws UserError naming the folder if it holds no videos, or the video that cannot be decoded.
 */
export async function folderFiles(
  folder: string,
  split: 'train' | 'test',
  cache: FrameCache,
  onProgress?: (done: number, total: number, note: string) => void,
  signal?: AbortSignal,
): Promise<SourceFile[]> {
  const names = splitNames(videoNames(folder), split)
  const files: SourceFile[] = []
  for (const name of names) {
    onProgress?.(files.length, names.length, name)
    signal?.throwIfAborted()
    const video = path.join(folder, name)
    files.push({ file: await cachedFrames(video, cache, signal), video })
  }
  onProgress?.(names.length, names.length, '')
  return files
}

function videoNames(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => VIDEO_NAME.test(name))
  if (names.length === 0)
    throw new UserError(
      `there are no videos in ${folder}: expected files ending in mp4, webm, gif, npy or pt`,
    )
  return names.sort(byName)
}

function splitNames(names: readonly string[], split: 'train' | 'test'): readonly string[] {
  if (names.length < 2) return names
  const trainCount = names.length - Math.max(1, Math.floor(names.length / 10))
  return split === 'train' ? names.slice(0, trainCount) : names.slice(trainCount)
}
