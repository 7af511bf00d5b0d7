import type { SamplingConfig } from '../config/sampling.js'
import { requireLpipsSize } from '../lpips/alexnet-layers.js'
import { loadLpips } from '../lpips/load-lpips.js'
import { nativeExtension } from '../runtime/native-extension.js'
import { withAdvice } from '../with-advice.js'
import type { FrameFeatures } from './frame-features.js'
import { pixelFeatures } from './pixel-features.js'

/** What adaptive schemes compare frames by, ready to be used. */
export interface AdaptiveFeatures extends FrameFeatures {
  /** Tells weights from others; none for pixels. */
  readonly digest?: string
  dispose(): void
}

/** Where the weights of LPIPS are if nothing says it. */
const WEIGHTS = 'checkpoints/lpips'

/**
 * Loads what frames are compared by: once for any number of videos. The runtime must have been started.
 * @param size pixels of a frame's side
 * @throws UserError if weights are missing, or frames are too small for LPIPS: before any stage, of which the
 *   first ones may be sampled without looking at frames.
 */
export function adaptiveFeatures(
  {
    adaptive_features: kind,
    lpips_weights: weights = WEIGHTS,
  }: Pick<SamplingConfig, 'adaptive_features' | 'lpips_weights'>,
  size: number,
): AdaptiveFeatures {
  const squaredDistances = nativeExtension()?.squaredDistances
  if (kind === 'pixels') return { ...pixelFeatures, squaredDistances, dispose: () => undefined }
  withAdvice('compare by --adaptive_features pixels', () => requireLpipsSize({ height: size, width: size }))
  const advice = 'give the folder with --lpips_weights, or compare by --adaptive_features pixels'
  const lpips = withAdvice(advice, () => loadLpips(weights))
  return {
    embed: (frames, [height, width]) => lpips.embed(joined(frames), { height, width }),
    digest: lpips.digest,
    squaredDistances,
    dispose: () => lpips.dispose(),
  }
}

function joined(frames: readonly Float32Array[]): Float32Array {
  const [{ length } = { length: 0 }] = frames
  const all = new Float32Array(frames.length * length)
  frames.forEach((frame, i) => all.set(frame, i * length))
  return all
}
