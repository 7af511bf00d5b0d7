import type { FrameDistances } from '../../schemes/types.js'
import { squaredDistance, type SquaredDistances } from '../../squared-distance.js'
import type { FrameStore } from '../videos/frame-store.js'
import type { FrameComparer, FrameFeatures } from './frame-features.js'

/** As many frames at a time are compared with all before them. */
const GROUP = 40

/** Distances that keep what they are computed from. */
export interface KeptDistances extends FrameDistances {
  /** Frees it: what is known can be asked for, of no frames that come later. Can be called again. */
  dispose(): void
}

/**
 * Distances of the done frames of one video, for schemes that look at frames. Features are made when distances
 * are asked for, of all frames that have come since in one go, and kept: a done frame does not change. So are
 * distances: those of new frames are computed together if there is a fast way, else as they are asked for.
 */
export function frameDistances(
  frames: Pick<FrameStore, 'numFrames' | 'frameShape' | 'get' | 'numDone' | 'doneFrames'>,
  { embed, squaredDistances, comparer: newComparer }: FrameFeatures,
): KeptDistances {
  const N = frames.numFrames
  /** Frames that have features, in the order in which they came, and these, if they are kept here. */
  const order: number[] = []
  const features: Float32Array[] = []
  let comparer: FrameComparer | undefined
  let isDisposed = false
  /** By frame: its place in that order. */
  const places = new Map<number, number>()
  /** (N, N), by frame, once any is asked for. One array: many would be slower to come by. */
  let distances = new Float64Array(0)
  /** By frame: to how many frames, those that came first, its distances are known. */
  const compared = new Uint32Array(N)

  const place = (frame: number) => void places.set(frame, order.push(frame) - 1)
  /** @param found (end - start, end): distances of the frames from `start` on to all before `end` */
  const enter = (found: Float64Array, start: number, end: number) => {
    for (let j = 0; j < end; j++) {
      const other = order[j] ?? 0
      for (let i = start; i < end; i++) {
        const frame = order[i] ?? 0
        const distance = found[(i - start) * end + j] ?? NaN
        distances[other * N + frame] = distance
        distances[frame * N + other] = distance
      }
      compared[other] = end
    }
  }
  const compareAll = (first: number, compare: SquaredDistances) => {
    for (let start = first; start < order.length; start += GROUP) {
      const end = Math.min(start + GROUP, order.length)
      enter(compare(features.slice(start, end), features.slice(0, end)), start, end)
    }
  }
  const addNew = () => {
    if (isDisposed) throw new Error('the video was given up: its frames are not compared any more')
    if (distances.length === 0) distances = new Float64Array(N * N)
    const fresh = frames.doneFrames().filter((frame) => !places.has(frame))
    const picturesOf = (some: readonly number[]) => some.map((frame) => frames.get(frame))
    if (newComparer) {
      comparer ??= newComparer()
      for (let at = 0; at < fresh.length; at += GROUP) {
        const group = fresh.slice(at, at + GROUP)
        const found = comparer.add(picturesOf(group), frames.frameShape)
        group.forEach(place)
        enter(found, order.length - group.length, order.length)
      }
    } else {
      const first = order.length
      features.push(...embed(picturesOf(fresh), frames.frameShape))
      fresh.forEach(place)
      if (squaredDistances) compareAll(first, squaredDistances)
    }
  }
  const compareRest = (frame: number, place: number) => {
    const own = features[place] ?? new Float32Array()
    for (let i = compared[frame] ?? 0; i < order.length; i++) {
      const other = order[i] ?? 0
      distances[frame * N + other] =
        (compared[other] ?? 0) > place
          ? (distances[other * N + frame] ?? NaN)
          : squaredDistance(own, features[i] ?? own)
    }
    compared[frame] = order.length
  }
  return {
    from(frame) {
      if (frames.numDone > order.length) addNew()
      const place = places.get(frame)
      if (place === undefined) throw new Error(`frame ${frame} has no features: it is not done`)
      compareRest(frame, place)
      return distances.subarray(frame * N, (frame + 1) * N)
    },
    dispose() {
      isDisposed = true
      comparer?.dispose()
      comparer = undefined
    },
  }
}
