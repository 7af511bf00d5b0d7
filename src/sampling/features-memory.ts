import type { SamplingConfig } from '../config/sampling.js'
import { lpipsLength } from '../lpips/alexnet-layers.js'
import { pixelFeaturesLength } from './pixel-features.js'

/** What comparing the frames of one video takes in main memory, once all of them are done. */
export interface FeaturesMemory {
  /** Of the vectors that frames are compared by, float32. */
  readonly embeddingBytes: number
  /** Of the distances of all pairs, float64. */
  readonly distanceBytes: number
}

/**
 * @param numFrames frames of the video
 * @param size pixels of a frame's side
 * @throws UserError if frames are too small for LPIPS.
 */
export function featuresMemory(
  kind: SamplingConfig['adaptive_features'],
  numFrames: number,
  size: number,
): FeaturesMemory {
  const length =
    kind === 'lpips' ? lpipsLength({ height: size, width: size }) : pixelFeaturesLength([size, size, 3])
  return { embeddingBytes: 4 * numFrames * length, distanceBytes: 8 * numFrames ** 2 }
}
