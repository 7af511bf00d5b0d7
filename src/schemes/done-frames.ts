/** No frame. */
const NONE = -1

/** Which frames of a video are done. Each that is knows the ones before and after it that are. */
export class DoneFrames {
  readonly #done: Uint8Array
  /** Of each done frame: the nearest done ones before and after it. */
  readonly #previous: Int32Array
  readonly #next: Int32Array
  #count = 0

  /** @param length frames of the whole video */
  constructor(length: number, frames: readonly number[]) {
    this.#done = new Uint8Array(length)
    this.#previous = new Int32Array(length)
    this.#next = new Int32Array(length)
    this.add(frames)
  }

  /** Frames of the whole video. */
  get length(): number {
    return this.#done.length
  }

  get count(): number {
    return this.#count
  }

  has(frame: number): boolean {
    return this.#done[frame] === 1
  }

  add(frames: readonly number[]): void {
    for (const frame of frames) {
      if (this.has(frame)) continue
      const previous = this.previous(frame)
      const next = this.next(previous ?? frame)
      this.#done[frame] = 1
      this.#count++
      this.#previous[frame] = previous ?? NONE
      this.#next[frame] = next ?? NONE
      if (previous !== undefined) this.#next[previous] = frame
      if (next !== undefined) this.#previous[next] = frame
    }
  }

  /** The nearest done frame before a frame, at once where that is done. */
  previous(frame: number): number | undefined {
    if (this.has(frame)) return found(this.#previous[frame])
    return found(frame > 0 ? this.#done.lastIndexOf(1, frame - 1) : NONE)
  }

  /** The nearest done frame after a frame, at once where that is done. */
  next(frame: number): number | undefined {
    return found(this.has(frame) ? this.#next[frame] : this.#done.indexOf(1, frame + 1))
  }

  /** The first frame from `frame` on that is not done, if there is one. */
  firstUndone(frame: number): number | undefined {
    return found(this.#done.indexOf(0, Math.max(0, frame)))
  }

  /** At most `count` done frames from `frame` to below `end`, ascending. */
  from(frame: number, end = Infinity, count = Infinity): number[] {
    const frames: number[] = []
    let at = this.next(Math.max(0, frame) - 1)
    for (; at !== undefined && at < end && frames.length < count; at = this.next(at)) frames.push(at)
    return frames
  }

  /** At most `count` done frames before `frame`, the nearest first. */
  before(frame: number, count = Infinity): number[] {
    const frames: number[] = []
    let at = this.previous(frame)
    for (; at !== undefined && frames.length < count; at = this.previous(at)) frames.push(at)
    return frames
  }
}

const found = (frame: number | undefined) => (frame === NONE ? undefined : frame)
