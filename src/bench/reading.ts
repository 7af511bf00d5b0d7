import type { VideoFile } from '../data/video-file.js'
import { hostRandom } from '../random.js'

export interface ReadingSettings {
  /** Frames read at once. */
  readonly frames: number
  readonly repetitions: number
}

export interface ReadingResult {
  /** Of each reading. */
  readonly milliseconds: readonly number[]
  /** Bytes of the frames asked for. */
  readonly asked: number
  /** The most bytes by which the buffers of this process grew in a reading. */
  readonly allocated: number
}

/**
 * Measures reading a few frames, at random places, of a long video.
 * @param clock milliseconds
 */
export function measureReading(
  open: () => VideoFile,
  { frames, repetitions }: ReadingSettings,
  clock: () => number,
): ReadingResult {
  const random = hostRandom('reading')
  const milliseconds: number[] = []
  const video = open()
  let [asked, allocated] = [0, 0]
  for (let i = 0; i < repetitions; i++) {
    const wanted = Array.from({ length: frames }, () => random.integer(0, video.frames)).sort((a, b) => a - b)
    const before = process.memoryUsage().arrayBuffers
    const start = clock()
    asked = video.read(wanted).length
    milliseconds.push(clock() - start)
    allocated = Math.max(allocated, process.memoryUsage().arrayBuffers - before)
  }
  return { milliseconds, asked, allocated }
}
