import type { SamplingConfig } from '../../config/sampling.js'
import { requireLpipsSize } from '../../lpips/alexnet-layers.js'
import { withAdvice } from '../../with-advice.js'
import { adaptiveFeatures, type AdaptiveFeatures } from './adaptive-features.js'

/**
 * Loads what options of a command say that frames are compared by. The runtime must have been started.
 * @param imageSize pixels of a frame's side
 * @throws UserError, naming the options that help, if weights are missing or frames too small for LPIPS.
 */
export function chosenFeatures(
  {
    adaptive_features: kind,
    lpips_weights: weights,
  }: Pick<SamplingConfig, 'adaptive_features' | 'lpips_weights'>,
  imageSize: number,
): AdaptiveFeatures {
  const byPixels = 'compare by --adaptive_features pixels'
  if (kind === 'lpips') withAdvice(byPixels, () => requireLpipsSize({ height: imageSize, width: imageSize }))
  const advice = `give the folder with --lpips_weights, or ${byPixels}`
  return withAdvice(advice, () => adaptiveFeatures({ kind, weights, imageSize }))
}
