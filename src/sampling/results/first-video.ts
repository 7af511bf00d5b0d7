import type { VideoDataset } from '../../data/dataset.js'
import { UserError } from '../../errors.js'
import { framesDigest } from './frames-digest.js'

/** Frames that are looked at: enough that videos which begin in the dark differ in some. */
const MOST_FRAMES = 16

/**
 * Tells a data set from others by what its first video shows, wherever its files are. Names and sizes of files
 * do not tell it: two data sets of one kind often have the same. Every process finds the same, whichever videos
 * it works on. Videos that are added change nothing as long as the first one stays the first; in a folder, where
 * the last ones by name are for testing, it often does not, and then every video has another number too.
 * @param frames positions of those that the results depend on; at most 16 of them, evenly spread, are read
 * @returns undefined where results depend on no frame, and where it cannot be read: who needs that video is told then
 */
export async function firstVideoDigest(
  dataset: VideoDataset,
  frames: readonly number[],
): Promise<string | undefined> {
  if (frames.length === 0 || dataset.length === 0) return undefined
  const count = Math.min(MOST_FRAMES, frames.length)
  const step = (frames.length - 1) / Math.max(1, count - 1)
  const some = Array.from({ length: count }, (_, i) => frames[Math.round(i * step)] ?? 0)
  try {
    return framesDigest([await dataset.readFrames(0, some)])
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return undefined
  }
}
