import { checkedStages } from '../../schemes/plan.js'
import { range } from '../../schemes/range.js'
import type { SamplingScheme, SchemeSettings, Stage } from '../../schemes/types.js'
import { frameStore } from '../videos/frame-store.js'
import type { Film } from '../videos/video-batch.js'
import { frameDistances } from './frame-distances.js'
import type { FrameFeatures } from './frame-features.js'

/**
 * The stages that a scheme goes through over a video that is all there: what an adaptive one would choose if
 * sampled frames looked like the true ones.
 * @throws UserError, before the first stage, for settings that cannot work.
 */
export function trueStages(
  scheme: SamplingScheme,
  settings: SchemeSettings,
  film: Film,
  features: FrameFeatures,
): readonly Stage[] {
  const distances = frameDistances(frameStore(film, range(settings.videoLength)), features)
  try {
    return [...checkedStages(scheme.name, settings, scheme.stages(settings, distances))]
  } finally {
    distances.dispose()
  }
}
