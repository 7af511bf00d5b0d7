/** Which frames of a video are done, and which of them lie around a frame. */
export class DoneFrames {
  readonly #done: Uint8Array
  #count = 0

  /** @param length frames of the whole video */
  constructor(length: number, frames: readonly number[]) {
    this.#done = new Uint8Array(length)
    this.add(frames)
  }

  get count(): number {
    return this.#count
  }

  has(frame: number): boolean {
    return this.#done[frame] === 1
  }

  add(frames: readonly number[]): void {
    for (const frame of frames) {
      if (!this.has(frame)) this.#count++
      this.#done[frame] = 1
    }
  }

  /** The first frame from `frame` on that is not done, if there is one. */
  firstUndone(frame: number): number | undefined {
    const found = this.#done.indexOf(0, Math.max(0, frame))
    return found === -1 ? undefined : found
  }

  /** At most `count` done frames from `frame` to below `end`, ascending. */
  from(frame: number, end = Infinity, count = Infinity): number[] {
    const frames: number[] = []
    const last = Math.min(end, this.#done.length)
    for (let at = Math.max(0, frame); at < last && frames.length < count; at++)
      if (this.has(at)) frames.push(at)
    return frames
  }

  /** At most `count` done frames before `frame`, the nearest first. */
  before(frame: number, count = Infinity): number[] {
    const frames: number[] = []
    for (let at = frame - 1; at >= 0 && frames.length < count; at--) if (this.has(at)) frames.push(at)
    return frames
  }
}
