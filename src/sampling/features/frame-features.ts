import type { SquaredDistances } from '../../squared-distance.js'

/** What adaptive schemes compare frames by. */
export interface FrameFeatures {
  /**
   * One vector per frame: the squared Euclidean distance of two says how different their frames look.
   * @param frames of one shape, each in the network's scale
   * @param shape theirs: (H, W, C)
   */
  readonly embed: (
    frames: readonly Float32Array[],
    shape: readonly [number, number, number],
  ) => readonly Float32Array[]
  /** Computes many distances in less time than one after the other would take. */
  readonly squaredDistances?: SquaredDistances | undefined
  /** Compares the frames of one video where their vectors are made, in place of both: on a GPU, for one. */
  readonly comparer?: (() => FrameComparer) | undefined
}

/** Keeps the vectors of one video's frames, and compares new ones with all. */
export interface FrameComparer {
  /**
   * @param frames new ones, of one shape, each in the network's scale
   * @param shape theirs: (H, W, C)
   * @returns (new, all): the squared distance of each to all frames that have come, in their order, the new ones
   *   last
   */
  add(frames: readonly Float32Array[], shape: readonly [number, number, number]): Float64Array
  /** Frees the vectors. Nothing is added after that. */
  dispose(): void
}
