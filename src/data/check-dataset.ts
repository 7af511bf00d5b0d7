import type { VideoDataset } from './dataset.js'
import type { BadVideo } from './file-dataset.js'
import { UserError } from '../errors.js'
import { nextTurn } from '../next-turn.js'

/** What was found in one split. */
export interface SplitReport {
  readonly split: 'train' | 'test'
  /** Videos that can be used. */
  readonly videos: number
  /** Frames of the shortest and of the longest, and of all together. */
  readonly frames: readonly [fewest: number, most: number, total: number]
  readonly imageSize: number
  readonly bad: readonly BadVideo[]
  /** Videos that show one single frame from beginning to end: most likely damaged when they were made. */
  readonly still: readonly string[]
}

export interface CheckOptions {
  /** Videos found bad when the data set was opened. */
  readonly bad: readonly BadVideo[]
  /** Whether every frame is read, which finds damage inside files; else only the first and the last. */
  readonly all: boolean
  readonly onProgress?: ((done: number, total: number, note: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Frames read at once, unless a file keeps a checksum of the whole. */
const PIECE = 256

/**
 * Reads the videos of a split and reports what is there and what cannot be read.
 * @returns bad videos by name, those found on opening first
 */
export async function checkDataset(dataset: VideoDataset, options: CheckOptions): Promise<SplitReport> {
  const bad = [...options.bad]
  const still: string[] = []
  const counts: number[] = []
  for (let video = 0; video < dataset.length; video++) {
    const name = dataset.videos?.[video]?.name ?? String(video)
    options.onProgress?.(video, dataset.length, name)
    await nextTurn(options.signal)
    try {
      if (!(await moves(dataset, video, name, options.all))) still.push(name)
      counts.push(dataset.frameCount(video))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      bad.push({ video: name, reason: error.message })
    }
  }
  options.onProgress?.(dataset.length, dataset.length, '')
  // One by one: there may be more videos than a call takes arguments.
  const frames = counts.reduce<SplitReport['frames']>(
    ([fewest, most, total], count) => [Math.min(fewest, count), Math.max(most, count), total + count],
    [Infinity, 0, 0],
  )
  return {
    split: dataset.split,
    videos: counts.length,
    frames: counts.length > 0 ? frames : [0, 0, 0],
    imageSize: dataset.imageSize,
    bad,
    still,
  }
}

/**
 * Reads the frames of a video; whether there are two that differ.
 * @throws UserError if they cannot be read.
 */
async function moves(dataset: VideoDataset, video: number, name: string, all: boolean): Promise<boolean> {
  const count = dataset.frameCount(video)
  const frameSize = dataset.imageSize ** 2 * 3
  const range = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i)
  // What PyTorch wrote has one checksum, which only the whole can be compared with.
  const piece = name.endsWith('.pt') ? count : PIECE
  const pieces = all
    ? Array.from({ length: Math.ceil(count / piece) }, (_, i) =>
        range(i * piece, Math.min(count, (i + 1) * piece)),
      )
    : [count > 1 ? [0, count - 1] : [0]]
  let first: Buffer | undefined
  let isMoving = count === 1
  for (const frames of pieces) {
    const read = await dataset.readFrames(video, frames)
    // What a data set gives may be part of something larger.
    const pixels = Buffer.from(read.buffer, read.byteOffset, read.byteLength)
    first ??= pixels.subarray(0, frameSize)
    for (let at = 0; at < pixels.length && !isMoving; at += frameSize)
      isMoving = !pixels.subarray(at, at + frameSize).equals(first)
  }
  return isMoving
}
