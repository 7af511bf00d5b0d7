import { UserError } from '../errors.js'
import { planVideo } from './plan.js'
import { givenFrames } from './settings.js'
import type { SamplingScheme, SchemeSettings, Stage } from './types.js'

/** Which frames to condition on in each stage. */
export interface OptimisedSchedule {
  /** Where it comes from, for messages. */
  readonly source: string
  /** By the number of the stage, from 0. */
  readonly stages: ReadonlyMap<number, readonly number[]>
}

/**
 * A scheme that samples what another one does, stage by stage, and conditions on the frames of a schedule.
 * Its `stages` throws a UserError, before the first stage, that names the stage which the schedule lacks or in
 * which it does not fit.
 * @throws UserError for an adaptive scheme, which chooses by itself.
 */
export function optimisedScheme(scheme: SamplingScheme, schedule: OptimisedSchedule): SamplingScheme {
  requireFixed(scheme)
  return {
    name: scheme.name,
    summary: scheme.summary,
    adaptive: false,
    stages(settings) {
      const done = new Set(givenFrames(settings))
      const planned = planVideo(scheme, settings)
      return planned.map((stage, index) => {
        const frames = schedule.stages.get(index)
        const fault = frames ? faultOf(frames, stage, done, settings) : `is missing: ${ADVICE}`
        if (!frames || fault !== undefined)
          throw new UserError(`stage ${index} of ${planned.length} in ${schedule.source} ${fault ?? ''}`)
        for (const frame of stage.latent) done.add(frame)
        return { observed: frames, latent: stage.latent }
      })
    },
  }
}

/** @throws UserError for a scheme that chooses what to condition on while it samples. */
export function requireFixed({ name, adaptive }: SamplingScheme): void {
  if (adaptive)
    throw new UserError(
      `${name} chooses what to condition on by what frames look like: there is no --optimality for it`,
    )
}

const ADVICE = 'npx fdm optimal-schedule finishes it, or makes it for other settings'

function faultOf(
  frames: readonly number[],
  { latent }: Stage,
  done: ReadonlySet<number>,
  { maxFrames }: SchemeSettings,
): string | undefined {
  const undone = frames.find((frame) => !done.has(frame))
  if (undone !== undefined) return `conditions on frame ${undone}, which is not done then`
  if (frames.length === 0 && done.size > 0) return 'conditions on nothing, though frames are done'
  if (frames.length + latent.length > maxFrames)
    return `takes ${frames.length} and ${latent.length} frames, more than max_frames = ${maxFrames}`
  return undefined
}
