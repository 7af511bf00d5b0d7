import { UserError } from '../errors.js'
import type { HostRandom } from '../random.js'
import { isDone, writeCoordinates, type CoordinateTask } from './coordinate-files.js'
import type { Locator } from './load-locator.js'

export interface LocateVideosOptions {
  readonly locator: Locator
  /** Frames that go through the networks at once. */
  readonly batchSize: number
  /** Leaves out videos that cannot be read. */
  readonly skipBad: boolean
  /** Mixes the order, so that processes that share the work rarely do the same video. */
  readonly random: HostRandom
  readonly onProgress?: ((frames: number, video: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface LocatedVideos {
  readonly written: number
  /** Were there already. */
  readonly known: number
  /** Why others were left out, one line each. */
  readonly skipped: readonly string[]
}

/**
 * Finds out where each frame of videos was taken, and writes one file per video, as soon as it is done.
 * Videos whose file is there are passed over.
 * @throws UserError naming a video that cannot be read, unless those are to be skipped.
 */
export async function locateVideos(
  tasks: readonly CoordinateTask[],
  options: LocateVideosOptions,
): Promise<LocatedVideos> {
  const { skipBad, random } = options
  let [written, known] = [0, 0]
  const skipped: string[] = []
  for (const task of shuffled(tasks, random)) {
    options.signal?.throwIfAborted()
    if (isDone(task)) {
      known++
      continue
    }
    let video: ReturnType<CoordinateTask['read']>
    try {
      video = task.read()
    } catch (error) {
      if (!(error instanceof UserError) || !skipBad) throw error
      skipped.push(error.message)
      continue
    }
    writeCoordinates(task.output, await locate(task.video, video, options))
    written++
  }
  return { written, known, skipped }
}

async function locate(
  name: string,
  { pixels, height, width }: ReturnType<CoordinateTask['read']>,
  { locator, batchSize, onProgress, signal }: LocateVideosOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const frameSize = height * width * 3
  const coordinates = new Float32Array((2 * pixels.length) / frameSize)
  for (let start = 0; start < pixels.length; start += batchSize * frameSize) {
    signal?.throwIfAborted()
    const batch = pixels.subarray(start, start + batchSize * frameSize)
    const located = await locator.locate(batch, { height, width })
    coordinates.set(located.coordinates, (2 * start) / frameSize)
    onProgress?.(batch.length / frameSize, name)
  }
  return coordinates
}

/** In random order (Fisher and Yates). */
function shuffled<T>(items: readonly T[], random: HostRandom): T[] {
  const order = [...items]
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(0, i + 1)
    const [a, b] = [order[i], order[j]] as [T, T]
    order[i] = b
    order[j] = a
  }
  return order
}
