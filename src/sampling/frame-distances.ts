import type { FrameDistances } from '../schemes/types.js'
import { squaredDistance, type SquaredDistances } from '../squared-distance.js'
import type { FrameFeatures } from './frame-features.js'
import type { FrameStore } from './frame-store.js'

/** As many frames at a time are compared with all before them. */
const GROUP = 40

/**
 * Distances of the done frames of one video, for schemes that look at frames. Features are made when distances
 * are asked for, of all frames that have come since in one go, and kept: a done frame does not change. So are
 * distances: those of new frames are computed together if there is a fast way, else as they are asked for.
 */
export function frameDistances(
  frames: Pick<FrameStore, 'numFrames' | 'frameShape' | 'get' | 'numDone' | 'doneFrames'>,
  { embed, squaredDistances }: FrameFeatures,
): FrameDistances {
  const N = frames.numFrames
  /** Frames that have features, in the order in which they came, and these. */
  const order: number[] = []
  const features: Float32Array[] = []
  /** By frame: its place in that order. */
  const places = new Map<number, number>()
  /** (N, N), by frame, once any is asked for. One array: many would be slower to come by. */
  let distances = new Float64Array(0)
  /** By frame: to how many frames, those that came first, its distances are known. */
  const compared = new Uint32Array(N)

  const addNew = () => {
    if (distances.length === 0) distances = new Float64Array(N * N)
    const fresh = frames.doneFrames().filter((frame) => !places.has(frame))
    const pictures = fresh.map((frame) => frames.get(frame))
    features.push(...embed(pictures, frames.frameShape))
    for (const frame of fresh) places.set(frame, order.push(frame) - 1)
  }
  const compareAll = (first: number, compare: SquaredDistances) => {
    for (let start = first; start < order.length; start += GROUP) {
      const end = Math.min(start + GROUP, order.length)
      const found = compare(features.slice(start, end), features.slice(0, end))
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
      const first = order.length
      if (frames.numDone > first) {
        addNew()
        if (squaredDistances) compareAll(first, squaredDistances)
      }
      const place = places.get(frame)
      if (place === undefined) throw new Error(`frame ${frame} has no features: it is not done`)
      compareRest(frame, place)
      return distances.subarray(frame * N, (frame + 1) * N)
    },
  }
}
