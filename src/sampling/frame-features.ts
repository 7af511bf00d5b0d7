import type { SquaredDistances } from '../squared-distance.js'

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
}
