import { UserError } from '../errors.js'
import { nextTurn } from '../next-turn.js'
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
 * @throws UserError that counts and names videos that cannot be read, before any work, unless those are to be
 *   skipped.
 */
export async function locateVideos(
  tasks: readonly CoordinateTask[],
  options: LocateVideosOptions,
): Promise<LocatedVideos> {
  const { skipBad, random } = options
  let [written, known] = [0, 0]
  const bad = damaged(tasks.filter((task) => !isDone(task)))
  const skipped = [...bad.values()]
  if (skipped.length > 0 && !skipBad)
    throw new UserError(
      `${skipped.length} of ${tasks.length} videos cannot be used (${skipped.slice(0, 5).join('; ')}${skipped.length > 5 ? '; ..' : ''}): make them anew, or leave them out with --skip_bad`,
    )
  for (const task of shuffled(tasks, random)) {
    options.signal?.throwIfAborted()
    if (isDone(task)) {
      known++
      continue
    }
    if (bad.has(task)) continue
    writeCoordinates(task.output, await locate(task.video, task.read(), options))
    written++
  }
  return { written, known, skipped }
}

/** Why videos cannot be read, of those that cannot. */
function damaged(tasks: readonly CoordinateTask[]): Map<CoordinateTask, string> {
  const reasons = new Map<CoordinateTask, string>()
  for (const task of tasks)
    try {
      task.check()
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      reasons.set(task, error.message)
    }
  return reasons
}

async function locate(
  name: string,
  { pixels, height, width }: ReturnType<CoordinateTask['read']>,
  { locator, batchSize, onProgress, signal }: LocateVideosOptions,
): Promise<Float32Array<ArrayBuffer>> {
  const frameSize = height * width * 3
  const coordinates = new Float32Array((2 * pixels.length) / frameSize)
  for (let start = 0; start < pixels.length; start += batchSize * frameSize) {
    await nextTurn(signal)
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
