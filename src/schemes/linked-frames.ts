/** No frame. */
const NONE = -1

/** Frames of a video, ascending, of which each knows the one before and the one after it. */
export class LinkedFrames {
  /** Of each frame that is in: the nearest ones before and after it that are. */
  readonly #before: Int32Array
  readonly #after: Int32Array
  readonly #isIn: Uint8Array
  #count = 0

  /** @param length frames of the whole video */
  constructor(length: number, frames: readonly number[]) {
    this.#before = new Int32Array(length).fill(NONE)
    this.#after = new Int32Array(length).fill(NONE)
    this.#isIn = new Uint8Array(length)
    for (const frame of frames) this.#isIn[frame] = 1
    let last = NONE
    this.#isIn.forEach((isIn, frame) => {
      if (isIn === 0) return
      this.#before[frame] = last
      if (last !== NONE) this.#after[last] = frame
      last = frame
      this.#count++
    })
  }

  /** Frames of the whole video. */
  get length(): number {
    return this.#isIn.length
  }

  get count(): number {
    return this.#count
  }

  add(frames: readonly number[]): void {
    for (const frame of frames) {
      if (this.#isIn[frame] === 1) continue
      const [before, after] = [this.before(frame), this.after(frame)]
      this.#isIn[frame] = 1
      this.#before[frame] = before ?? NONE
      this.#after[frame] = after ?? NONE
      if (before !== undefined) this.#after[before] = frame
      if (after !== undefined) this.#before[after] = frame
      this.#count++
    }
  }

  /** The nearest one before a frame, at once where that is one of them. */
  before(frame: number): number | undefined {
    if (this.#isIn[frame] === 1) return found(this.#before[frame])
    return found(frame > 0 ? this.#isIn.lastIndexOf(1, frame - 1) : NONE)
  }

  /** The nearest one after a frame, at once where that is one of them. */
  after(frame: number): number | undefined {
    if (this.#isIn[frame] === 1) return found(this.#after[frame])
    return found(this.#isIn.indexOf(1, frame + 1))
  }

  /** All, ascending. */
  all(): number[] {
    const frames: number[] = []
    for (let at = found(this.#isIn.indexOf(1)); at !== undefined; at = this.after(at)) frames.push(at)
    return frames
  }
}

const found = (frame: number | undefined) => (frame === NONE ? undefined : frame)
