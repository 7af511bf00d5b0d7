import { UserError } from '../errors.js'
import { DoneFrames } from './done-frames.js'
import { fixedScheme } from './fixed-scheme.js'
import { hierarchySteps, type HierarchyStep } from './hierarchy-steps.js'
import { linspace } from './linspace.js'
import { fitsOneUnconditionalStage } from './settings.js'
import type { SamplingScheme, SchemeSettings, Stage } from './types.js'

/**
 * Coarse to fine: the first of `levels` levels spreads `step` frames over all that is to be sampled, later
 * ones fill in between, the last one frame by frame.
 */
export function hierarchy(levels: number): SamplingScheme {
  const name = `hierarchy-${levels}`
  return fixedScheme({
    name,
    summary: `coarse to fine, on ${levels} levels`,
    shrinks: true,
    check: (settings) => checkHierarchy(name, settings),
    first: spreadFrames,
    plan: (settings, start) => stages(levels, settings, start),
  })
}

/**
 * A hierarchy spreads at least two frames at a time, between one before and one after them.
 * @throws UserError if there is no room for that, or only one frame is to be sampled per stage, unless the whole
 *   video is sampled in one stage from nothing.
 */
export function checkHierarchy(schemeName: string, settings: SchemeSettings): void {
  // A first stage that is the whole video needs neither.
  if (fitsOneUnconditionalStage(settings)) return
  const { maxFrames, stepSize } = settings
  if (maxFrames < 4)
    throw new UserError(
      `${schemeName} samples two frames or more between one before and one after them: ` +
        `max_frames = ${maxFrames} must be at least 4`,
    )
  if (stepSize < 2)
    throw new UserError(
      `${schemeName} spreads the frames of a stage: max_latent_frames = ${stepSize} must be at least 2 ` +
        '(autoreg samples frame by frame)',
    )
}

/** Evenly spread from the first frame to the last: K of them, or all. */
export function spreadFrames({ videoLength, maxFrames }: SchemeSettings): number[] {
  return linspace(0, videoLength - 1, Math.min(maxFrames, videoLength))
}

function* stages(
  levels: number,
  settings: SchemeSettings,
  start: readonly number[],
): Generator<Stage, void, undefined> {
  const done = new DoneFrames(settings.videoLength, start)
  for (const step of hierarchySteps(levels, settings, start)) {
    yield { observed: surroundings(step, done, start), latent: step.latent }
    done.add(step.latent)
  }
}

/** Nearest frames on both sides; at the first level, where none are after, frames of the whole beginning. */
function surroundings(
  { level, latent, between, places }: HierarchyStep,
  done: DoneFrames,
  start: readonly number[],
): number[] {
  const after = done.from((latent.at(-1) ?? 0) + 1, Infinity, Math.floor(places / 2))
  const left = places - after.length
  const before =
    level === 1 ? linspace(0, (start.at(-1) ?? 0) + 0.999, left) : done.before(latent[0] ?? 0, left)
  return [...between, ...after, ...before]
}
