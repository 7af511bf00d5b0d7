import type { DoneFrames } from './done-frames.js'

/** No frame. */
const NONE = -1

/** Finds done frames around others, again and again, in time that grows with how many are asked for alone. */
export class NearestFrames {
  readonly #done: DoneFrames
  /** Of each frame, for which call it was taken last. */
  readonly #taken: Int32Array
  #call = 0

  /** @param done may grow from call to call */
  constructor(done: DoneFrames) {
    this.#done = done
    this.#taken = new Int32Array(done.length)
  }

  /**
   * Done frames, at most `count`, ascending: first the nearest on both sides of each frame, then the second
   * nearest, ..
   * @param frames which are not done
   */
  around(frames: readonly number[], count: number): number[] {
    const call = ++this.#call
    const before = Int32Array.from(frames, (frame) => this.#done.previous(frame) ?? NONE)
    const after = Int32Array.from(frames, (frame) => this.#done.next(frame) ?? NONE)
    let [taken, lowest, isMore] = [0, Infinity, true]
    const take = (frame: number) => {
      if (taken === count || this.#taken[frame] === call) return
      this.#taken[frame] = call
      lowest = Math.min(lowest, frame)
      taken++
    }
    while (isMore && taken < count) {
      isMore = false
      for (let i = 0; i < frames.length; i++) {
        const [left = NONE, right = NONE] = [before[i], after[i]]
        if (left !== NONE) {
          take(left)
          before[i] = this.#done.previous(left) ?? NONE
        }
        if (right !== NONE) {
          take(right)
          after[i] = this.#done.next(right) ?? NONE
        }
        isMore ||= left !== NONE || right !== NONE
      }
    }
    return this.#ascending(lowest, taken)
  }

  /** The frames that were taken for this call, from the lowest on. */
  #ascending(lowest: number, count: number): number[] {
    const frames: number[] = []
    for (
      let at: number | undefined = lowest;
      frames.length < count && at !== undefined;
      at = this.#done.next(at)
    )
      if (this.#taken[at] === this.#call) frames.push(at)
    return frames
  }
}
