import path from 'node:path'
import { parseObservedFrames } from '../../schemes/observed-frames.js'
import { planVideo } from '../../schemes/plan.js'
import { samplingSchemes } from '../../schemes/registry.js'
import type { SchemeSettings } from '../../schemes/types.js'
import { planSvg } from '../../video/plan-svg.js'
import { planTitle } from '../../video/visualise.js'

/**
 * The stages of a run as an SVG, planned anew from the name of its folder, `<scheme>_<K>_<step>_<T>_<n_obs>`;
 * undefined if that says too little: for other names, and where the stages depended on the videos.
 */
export function runSchedule(evalDir: string): string | undefined {
  const name = path.basename(path.resolve(evalDir))
  const [, scheme = '', K, step, T, label = ''] = /^(.+)_(\d+)_(\d+)_(\d+)_(\d[\d,-]*)$/.exec(name) ?? []
  const found = Object.hasOwn(samplingSchemes, scheme) ? samplingSchemes[scheme] : undefined
  if (!found || found.adaptive) return undefined
  const settings: SchemeSettings = {
    videoLength: Number(T),
    observed: /^\d+$/.test(label) ? Number(label) : parseObservedFrames(label, Number(T)),
    maxFrames: Number(K),
    stepSize: Number(step),
  }
  const stages = planVideo(found, settings)
  return planSvg(planTitle({ scheme, settings, stages }), stages, settings)
}
