import { existsSync, statfsSync } from 'node:fs'
import path from 'node:path'
import { counted } from '../../counted.js'
import { UserError } from '../../errors.js'
import type { ToyTownSettings } from './render-toy-town.js'

/** A video is rendered in memory: ten hours of driving with frames of 32 pixels. */
const MAX_VIDEO_BYTES = 2 ** 30

/** @throws UserError if a video has more frames than are rendered at once. */
export function requireShortVideos({ frames, size }: ToyTownSettings): void {
  const most = Math.floor(MAX_VIDEO_BYTES / frameBytes(size))
  if (frames > most)
    throw new UserError(
      `--frames takes at most ${most} with frames of ${size} pixels, not ${frames}: a video of more than 1 GiB is not rendered`,
    )
}

/**
 * @param videos how many are to be written
 * @throws UserError if the disk of the folder, which need not be there, has no room for them.
 */
export function requireRoom(directory: string, { frames, size }: ToyTownSettings, videos: number): void {
  const needed = videos * frames * frameBytes(size)
  const free = freeBytes(directory)
  if (needed <= free) return
  throw new UserError(
    `${counted(videos, 'video')} of ${counted(frames, 'frame')} of ${size} pixels take ${gigabytes(needed)}, and ${gigabytes(free)} are free where ` +
      `${directory} is: make room, or ask for fewer with --train, --test and --frames`,
  )
}

const frameBytes = (size: number) => size * size * 3

/** Infinity where the system does not say. */
function freeBytes(folder: string): number {
  let nearest = path.resolve(folder)
  while (!existsSync(nearest) && nearest !== path.dirname(nearest)) nearest = path.dirname(nearest)
  try {
    const { blocks, bavail, bsize } = statfsSync(nearest)
    return blocks === 0 ? Infinity : bavail * bsize
  } catch {
    return Infinity
  }
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
