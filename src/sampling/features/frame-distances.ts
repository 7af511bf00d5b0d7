import type { FrameDistances } from '../../schemes/types.js'
import { squaredDistance } from '../../squared-distance.js'
import type { FrameStore } from '../videos/frame-store.js'
import type { FrameComparer, FrameFeatures } from './frame-features.js'

/** As many frames at a time are compared with all before them. */
const GROUP = 40

/** Distances that keep what they are computed from. */
export interface KeptDistances extends FrameDistances {
  /** Frees it: what is known can be asked for, of no frames that come later. Can be called again. */
  dispose(): void
}

/** Distances of frames that were compared in one go. */
interface Block {
  /** The places of these frames in the order in which frames came. */
  readonly start: number
  readonly end: number
  /** (end - start, end): to all frames that had come. */
  readonly found: Float64Array
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
  /** What was compared in one go: none if frames are compared two by two. */
  const blocks: Block[] = []
  /** By frame that was asked for: its distances, by frame (N), to so many frames that came first. */
  const rows = new Map<number, { readonly distances: Float64Array; known: number }>()

  /** Frames count as compared only once they are: an error leaves those for the next time. */
  const add = (some: readonly number[], found?: Float64Array) => {
    const start = order.length
    for (const frame of some) places.set(frame, order.push(frame) - 1)
    if (found) blocks.push({ start, end: order.length, found })
  }
  const addNew = () => {
    if (isDisposed) throw new Error('the video was given up: its frames are not compared any more')
    const fresh = frames.doneFrames().slice(order.length)
    const picturesOf = (some: readonly number[]) => some.map((frame) => frames.get(frame))
    if (newComparer) {
      comparer ??= newComparer()
      for (const group of groupsOf(fresh)) add(group, comparer.add(picturesOf(group), frames.frameShape))
      return
    }
    const made = embed(picturesOf(fresh), frames.frameShape)
    if (!squaredDistances) {
      features.push(...made)
      add(fresh)
      return
    }
    for (const [i, group] of groupsOf(fresh).entries()) {
      const vectors = made.slice(i * GROUP, i * GROUP + group.length)
      const found = squaredDistances(vectors, [...features, ...vectors])
      features.push(...vectors)
      add(group, found)
    }
  }
  /** Reads what is not known yet of a row from the blocks of its own frame and of those that came later. */
  const readBlocks = (distances: Float64Array, place: number, known: number) => {
    for (const { start, end, found } of blocks) {
      if (end <= known || end <= place) continue
      if (place >= start)
        for (let i = 0, at = (place - start) * end; i < end; i++)
          distances[order[i] ?? 0] = found[at + i] ?? NaN
      else
        for (let i = start, at = place; i < end; i++, at += end) distances[order[i] ?? 0] = found[at] ?? NaN
    }
  }
  /** Compares two by two, unless the other one's row has it. */
  const compareRest = (distances: Float64Array, frame: number, place: number, known: number) => {
    const own = features[place] ?? new Float32Array()
    for (let i = known; i < order.length; i++) {
      const other = order[i] ?? 0
      const its = rows.get(other)
      distances[other] =
        its && its.known > place ? (its.distances[frame] ?? NaN) : squaredDistance(own, features[i] ?? own)
    }
  }
  return {
    from(frame) {
      if (frames.numDone > order.length) addNew()
      const place = places.get(frame)
      if (place === undefined) throw new Error(`frame ${frame} has no features: it is not done`)
      const row = rows.get(frame) ?? { distances: new Float64Array(N), known: 0 }
      rows.set(frame, row)
      if (row.known === order.length) return row.distances
      if (blocks.length > 0) readBlocks(row.distances, place, row.known)
      else compareRest(row.distances, frame, place, row.known)
      row.known = order.length
      return row.distances
    },
    dispose() {
      isDisposed = true
      comparer?.dispose()
      comparer = undefined
    },
  }
}

function groupsOf(frames: readonly number[]): readonly (readonly number[])[] {
  const count = Math.ceil(frames.length / GROUP)
  return Array.from({ length: count }, (_, i) => frames.slice(i * GROUP, (i + 1) * GROUP))
}
