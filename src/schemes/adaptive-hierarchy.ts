import { adaptiveScheme } from './adaptive-scheme.js'
import { DoneFrames } from './done-frames.js'
import { checkHierarchy, spreadFrames } from './hierarchy.js'
import { hierarchySteps } from './hierarchy-steps.js'
import type { SamplingScheme } from './types.js'

/**
 * Samples what `hierarchy` does, conditioned on the done frames between, the two nearest before and the
 * nearest after, and on those that look least like them.
 */
export function adaptiveHierarchy(levels: number): SamplingScheme {
  const name = `adaptive-hierarchy-${levels}`
  return adaptiveScheme({
    name,
    summary: `as hierarchy-${levels}, from the nearest frames and those that look different`,
    shrinks: true,
    check: (settings) => checkHierarchy(name, settings),
    first: spreadFrames,
    *plan(settings, start, choose) {
      const done = new DoneFrames(settings.videoLength, start)
      for (const { latent, between, places } of hierarchySteps(levels, settings, start)) {
        const before = done.before(latent[0] ?? 0, 2)
        const after = done.from((latent.at(-1) ?? 0) + 1, Infinity, 1)
        const room = between.length + places
        yield { observed: choose([...between, ...before, ...after], done.from(0), room), latent }
        done.add(latent)
      }
    },
  })
}
