import path from 'node:path'
import { readFirstPlan } from '../../sampling/runs/plan-files.js'
import { parseObservedFrames } from '../../schemes/observed-frames.js'
import { planVideo } from '../../schemes/plan.js'
import { samplingSchemes } from '../../schemes/registry.js'
import type { SchemeSettings } from '../../schemes/types.js'
import { planSvg } from '../../video/plan-svg.js'
import { planTitle, type DrawnPlan } from '../../video/visualise.js'

/** A picture of the stages of a run, or why there is none. */
export type RunSchedule = { readonly caption: string; readonly svg: string } | { readonly note: string }

/**
 * The stages of a run as an SVG. The name of its folder, `<scheme>[_optimal-<kind>]_<K>_<step>_<T>_<n_obs>`,
 * says them, unless they depended on the videos or on an optimised schedule: then it takes a plan kept by `sample`.
 * @throws UserError naming a plan that is damaged.
 */
export function runSchedule(evalDir: string): RunSchedule {
  const name = path.basename(path.resolve(evalDir))
  const [, scheme = '', optimality, K, step, T, label = ''] =
    /^(.+?)(?:_optimal-(.+))?_(\d+)_(\d+)_(\d+)_(\d[\d,-]*)$/.exec(name) ?? []
  const found = Object.hasOwn(samplingSchemes, scheme) ? samplingSchemes[scheme] : undefined
  if (!found) return { note: 'No picture of the stages: the name of the folder says no scheme.' }
  const settings: SchemeSettings = {
    videoLength: Number(T),
    observed: /^\d+$/.test(label) ? Number(label) : parseObservedFrames(label, Number(T)),
    maxFrames: Number(K),
    stepSize: Number(step),
  }
  const drawn = (plan: Pick<DrawnPlan, 'stages' | 'video' | 'optimality'>) =>
    planSvg(planTitle({ scheme, settings, ...plan }), plan.stages, settings)
  if (!found.adaptive && optimality === undefined) {
    const caption = 'The stages in which frames were sampled'
    return { caption, svg: drawn({ stages: planVideo(found, settings) }) }
  }
  const kept = readFirstPlan(evalDir, settings.videoLength)
  if (!kept)
    return {
      note: `No picture of the stages: they depended on ${found.adaptive ? 'the videos' : 'an optimised schedule'}, and were not kept with the samples (plans/).`,
    }
  const { video, stages } = kept
  return found.adaptive
    ? {
        caption: `The stages in which frames of video ${video} were sampled; those of other videos may condition on other frames`,
        svg: drawn({ stages, video }),
      }
    : {
        caption: 'The stages in which frames were sampled, by an optimised schedule',
        svg: drawn({ stages, ...(optimality !== undefined && { optimality }) }),
      }
}
