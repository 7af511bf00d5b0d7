import type { FrameDistances } from '../schemes/types.js'
import { squaredDistance, type SquaredDistances } from '../squared-distance.js'
import type { FrameFeatures } from './frame-features.js'
import type { FrameStore } from './frame-store.js'

/** As many frames at a time are compared with all before them. */
const GROUP = 40

interface KnownFrame {
  readonly frame: number
  readonly features: Float32Array
  /** Distances to other frames, by position: to the first `compared` that came. */
  readonly distances: Float64Array
  compared: number
}

/**
 * Distances of the done frames of one video, for schemes that look at frames. Features are made when distances
 * are asked for, of all frames that have come since in one go, and kept: a done frame does not change. So are
 * distances: all are computed as frames come if there is a fast way, else those that are asked for.
 */
export function frameDistances(
  frames: Pick<FrameStore, 'numFrames' | 'frameShape' | 'get' | 'numDone' | 'doneFrames'>,
  { embed, squaredDistances }: FrameFeatures,
): FrameDistances {
  /** In the order in which they came. */
  const known = new Map<number, KnownFrame>()

  const addNew = () => {
    const first = known.size
    const fresh = frames.doneFrames().filter((frame) => !known.has(frame))
    const pictures = fresh.map((frame) => frames.get(frame))
    const features = embed(pictures, frames.frameShape)
    for (const [i, frame] of fresh.entries()) {
      const distances = new Float64Array(frames.numFrames)
      known.set(frame, { frame, features: features[i] ?? new Float32Array(), distances, compared: 0 })
    }
    if (squaredDistances) compareAll([...known.values()], first, squaredDistances)
  }
  return {
    from(frame) {
      if (frames.numDone > known.size) addNew()
      const one = known.get(frame)
      if (!one) throw new Error(`frame ${frame} has no features: it is not done`)
      if (one.compared < known.size) compareRest(one, [...known.values()])
      return one.distances
    },
  }
}

/** Compares frames from number `first` on with each other and with all before. */
function compareAll(known: readonly KnownFrame[], first: number, squaredDistances: SquaredDistances): void {
  for (let start = first; start < known.length; start += GROUP) {
    const before = known.slice(0, start + GROUP)
    const group = known.slice(start, start + GROUP)
    const found = squaredDistances(featuresOf(group), featuresOf(before))
    for (const [i, other] of before.entries()) {
      for (const [j, one] of group.entries()) {
        const distance = found[j * before.length + i] ?? NaN
        one.distances[other.frame] = distance
        other.distances[one.frame] = distance
      }
      other.compared = before.length
    }
  }
}

function compareRest(one: KnownFrame, known: readonly KnownFrame[]): void {
  for (const other of known.slice(one.compared))
    one.distances[other.frame] = squaredDistance(one.features, other.features)
  one.compared = known.length
}

function featuresOf(frames: readonly KnownFrame[]): Float32Array[] {
  return frames.map(({ features }) => features)
}
