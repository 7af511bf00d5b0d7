import { UserError } from '../errors.js'
import { expectObject } from '../expect.js'
import { DoneFrames } from './done-frames.js'
import { givenFrames } from './settings.js'
import type { SamplingScheme, SchemeSettings, Stage } from './types.js'

/**
 * All stages of a scheme that does not look at frames, checked.
 * @throws UserError for an adaptive scheme, for settings that cannot work, and if the scheme itself is at fault: if it
 * leaves frames out, for instance, or conditions on some that are not done.
 */
export function planVideo(scheme: SamplingScheme, settings: SchemeSettings): readonly Stage[] {
  requireScheme('planVideo', scheme)
  expectObject('planVideo takes settings with videoLength, observed, maxFrames, stepSize', settings, {})
  if (scheme.adaptive) throw new UserError(`${scheme.name} plans while it samples: it has no plan beforehand`)
  return [...checkedStages(scheme.name, settings, scheme.stages(settings))]
}

/** @throws UserError unless it is a scheme, as of a name that `samplingSchemes` does not have. */
export function requireScheme(where: string, scheme: SamplingScheme): void {
  const members = { name: 'string', stages: 'function' } as const
  expectObject(`${where} takes as scheme one of samplingSchemes`, scheme, members)
}

/**
 * What is known of a scheme's stages before any frame is sampled: all, or, if the scheme is adaptive, the
 * frames each of them samples and how many it conditions on, whichever these will be.
 * @throws UserError, before the first stage, for settings that cannot work.
 */
export function outlineVideo(scheme: SamplingScheme, settings: SchemeSettings): readonly Stage[] {
  const alike = new Float64Array(Math.max(0, settings.videoLength))
  return [...checkedStages(scheme.name, settings, scheme.stages(settings, { from: () => alike }))]
}

/**
 * Passes stages on, each checked before it is used: it conditions on frames that are done, on at least one
 * if there are any, samples frames that are not, takes no more than K, and in the end every frame is done.
 * @throws UserError naming the stage and what is wrong with it: a fault of the scheme, not of its settings.
 */
export function* checkedStages(
  schemeName: string,
  settings: SchemeSettings,
  stages: Iterable<Stage>,
): Generator<Stage, void, undefined> {
  let done: DoneFrames | undefined
  let count = 0
  for (const stage of stages) {
    // Only now, as schemes check the settings before their first stage.
    done ??= new DoneFrames(settings.videoLength, givenFrames(settings))
    const fault = stageFault(stage, done, settings)
    if (fault) throw new UserError(`stage ${count} of ${schemeName} ${fault}`)
    done.add(stage.latent)
    count++
    yield stage
  }
  const { length } = givenFrames(settings)
  if ((done?.count ?? length) !== settings.videoLength)
    throw new UserError(
      `${schemeName} ends with ${done?.count ?? length} of ${settings.videoLength} frames done`,
    )
}

function stageFault(stage: Stage, done: DoneFrames, settings: SchemeSettings): string | undefined {
  if (!isStage(stage)) return 'is no { observed, latent } of frames'
  const { observed, latent } = stage
  const size = observed.length + latent.length
  if (latent.length === 0) return 'samples nothing'
  if (size > settings.maxFrames) return `takes ${size} frames, more than ${settings.maxFrames}`
  if (observed.length === 0 && done.count > 0) return 'conditions on nothing'
  const undone = observed.find((frame) => !done.has(frame))
  if (undone !== undefined) return `conditions on frame ${undone}, which is not done`
  const again = latent.find((frame, i) => done.has(frame) || latent.indexOf(frame) !== i)
  if (again !== undefined) return `samples frame ${again} twice`
  const outside = latent.find(
    (frame) => !Number.isInteger(frame) || frame < 0 || frame >= settings.videoLength,
  )
  if (outside !== undefined) return `samples frame ${outside}, which is not in the video`
  return undefined
}

/** A program's own scheme may have no types. */
function isStage(stage: unknown): boolean {
  const { observed, latent } = Object(stage) as Partial<Record<keyof Stage, unknown>>
  return Array.isArray(observed) && Array.isArray(latent)
}
