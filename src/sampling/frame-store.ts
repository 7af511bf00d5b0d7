import { fromPixels, toPixels } from '../data/pixels.js'
import { frameOf, type VideoBatch } from './video-batch.js'

/**
 * The frames of a batch of videos that are done, on the host. Sampled frames stay as the network gave them,
 * so that nothing is rounded between stages; given frames stay the bytes they were.
 */
export interface FrameStore {
  /** Frame `t` of video `b` in the network's scale: (H, W, C). */
  get(b: number, t: number): Float32Array
  /** Keeps a sampled frame: (H, W, C) in the network's scale. */
  put(b: number, t: number, frame: Float32Array): void
  /** All videos as pixels; frames that are not done are black. */
  toVideos(): VideoBatch
}

/**
 * @param given videos whose first `numObserved` frames are known; what else they hold is not looked at
 */
export function frameStore(given: VideoBatch, numObserved: number): FrameStore {
  const [B, T] = given.shape
  const sampled = Array.from({ length: B }, () => new Map<number, Float32Array>())
  const checkedFrame = (b: number, t: number): Float32Array => {
    const frame = t < numObserved ? fromPixels(frameOf(given, b, t)) : sampled[b]?.get(t)
    if (!frame) throw new Error(`frame ${t} of video ${b} is not done`)
    return frame
  }
  return {
    get: checkedFrame,
    put: (b, t, frame) => void sampled[b]?.set(t, frame),
    toVideos() {
      const videos: VideoBatch = { shape: given.shape, data: new Uint8Array(given.data.length) }
      for (let b = 0; b < B; b++)
        for (let t = 0; t < T; t++) {
          const frame = sampled[b]?.get(t)
          if (t < numObserved) frameOf(videos, b, t).set(frameOf(given, b, t))
          else if (frame) frameOf(videos, b, t).set(toPixels(frame))
        }
      return videos
    },
  }
}
