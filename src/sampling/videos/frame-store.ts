import { fromPixels, toPixels } from '../../data/pixels.js'
import { frameOfFilm, type Film } from './video-batch.js'

/**
 * The frames of one video that are done, on the host. Sampled frames stay as the network gave them, so that
 * nothing is rounded between stages; given frames stay the bytes they were.
 */
export interface FrameStore {
  /** Of the whole video, done or not. */
  readonly numFrames: number
  /** (H, W, C) */
  readonly frameShape: readonly [number, number, number]
  /** Frame `t` in the network's scale: (H, W, C). */
  get(t: number): Float32Array
  /** Keeps a sampled frame: (H, W, C) in the network's scale. */
  put(t: number, frame: Float32Array): void
  /** The bytes of the given frames, each (H, W, C), in their order. */
  given(): readonly Uint8Array[]
  /** How many frames are done. */
  readonly numDone: number
  /** The frames that are done: given ones, then sampled ones in the order they were put. New ones are the last. */
  doneFrames(): readonly number[]
  /** The video as pixels; frames that are not done are black. */
  toFilm(): Film
}

/**
 * @param given a video of which the frames `observed` are known; what else it holds is not looked at
 */
export function frameStore(given: Film, observed: readonly number[]): FrameStore {
  const [T, ...frameShape] = given.shape
  const known = new Set(observed)
  const sampled = new Map<number, Float32Array>()
  return {
    numFrames: T,
    frameShape,
    get(t) {
      const frame = known.has(t) ? fromPixels(frameOfFilm(given, t)) : sampled.get(t)
      if (!frame) throw new Error(`frame ${t} is not done`)
      return frame
    },
    put: (t, frame) => void sampled.set(t, frame),
    given: () => observed.map((t) => frameOfFilm(given, t)),
    get numDone() {
      return known.size + sampled.size
    },
    doneFrames: () => [...known, ...sampled.keys()],
    toFilm() {
      const film: Film = { shape: given.shape, data: new Uint8Array(given.data.length) }
      for (let t = 0; t < T; t++) {
        const frame = sampled.get(t)
        if (known.has(t)) frameOfFilm(film, t).set(frameOfFilm(given, t))
        else if (frame) frameOfFilm(film, t).set(toPixels(frame))
      }
      return film
    },
  }
}
