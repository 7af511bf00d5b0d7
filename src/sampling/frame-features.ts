import type { FrameFeatures } from '../schemes/types.js'
import type { FrameStore } from './frame-store.js'
import type { EmbedFrames } from './pixel-features.js'

/**
 * Features of the done frames of one video, for schemes that look at frames. They are made when first asked
 * for, of all frames that have come since in one go, and kept: a done frame does not change.
 */
export function frameFeatures(
  frames: Pick<FrameStore, 'frameShape' | 'get' | 'doneFrames'>,
  embed: EmbedFrames,
): FrameFeatures {
  const known = new Map<number, Float32Array | Float64Array>()
  const embedNew = () => {
    const fresh = frames.doneFrames().filter((frame) => !known.has(frame))
    const features = embed(
      fresh.map((frame) => frames.get(frame)),
      frames.frameShape,
    )
    fresh.forEach((frame, i) => known.set(frame, features[i] ?? new Float32Array()))
  }
  return {
    of(frame) {
      if (!known.has(frame)) embedNew()
      const features = known.get(frame)
      if (!features) throw new Error(`frame ${frame} has no features: it is not done`)
      return features
    },
  }
}
