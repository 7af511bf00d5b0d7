import type { SamplingConfig } from '../../config/sampling.js'
import { lpipsLength } from '../../lpips/alexnet-layers.js'
import { pixelFeaturesLength } from './pixel-features.js'

/** What comparing the frames of one video takes, once all of them are done. */
export interface FeaturesMemory {
  /** Of the vectors that frames are compared by: float32 in main memory, or float64 on a GPU. */
  readonly embeddingBytes: number
  /**
   * Of distances, float64 in main memory: each pair's once, and once more both ways for frames that are chosen, which
   * may be all.
   */
  readonly distanceBytes: number
}

/**
 * @param kind on a GPU, `lpips` is compared there
 * @param numFrames frames of the video
 * @param size pixels of a frame's side
 * @param onGpu whether TensorFlow computes on one
 * @throws UserError if frames are too small for LPIPS.
 */
export function featuresMemory(
  kind: SamplingConfig['adaptive_features'],
  numFrames: number,
  size: number,
  onGpu = false,
): FeaturesMemory {
  const length =
    kind === 'lpips' ? lpipsLength({ height: size, width: size }) : pixelFeaturesLength([size, size, 3])
  const bytes = comparesOnGpu(kind, onGpu) ? Float64Array.BYTES_PER_ELEMENT : Float32Array.BYTES_PER_ELEMENT
  return { embeddingBytes: bytes * numFrames * length, distanceBytes: (8 / 2 + 8) * numFrames ** 2 }
}

/** Whether the vectors are in GPU memory: only those that are made there stay there. */
export function comparesOnGpu(kind: SamplingConfig['adaptive_features'], onGpu: boolean): boolean {
  return onGpu && kind === 'lpips'
}
