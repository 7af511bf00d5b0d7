import { UserError } from '../errors.js'
import { fixedScheme } from './fixed-scheme.js'
import { linspace } from './linspace.js'
import { range } from './plan.js'
import type { SamplingScheme, SchemeSettings, Stage } from './types.js'

/**
 * Coarse to fine: the first of `levels` levels spreads `step` frames over all that is to be sampled, later
 * ones fill in between, the last one frame by frame.
 */
export function hierarchy(levels: number): SamplingScheme {
  return fixedScheme({
    name: `hierarchy-${levels}`,
    summary: `coarse to fine, on ${levels} levels`,
    check({ maxFrames }) {
      if (maxFrames < 3)
        throw new UserError(
          `hierarchy-${levels} conditions on a frame before and one after what it samples: ` +
            `max_frames = ${maxFrames} must be at least 3`,
        )
    },
    first: ({ videoLength, maxFrames }) => linspace(0, videoLength - 1, Math.min(maxFrames, videoLength)),
    plan: (settings, start) => hierarchyStages(levels, settings, start),
  })
}

/** One stage before it is known what it conditions on. */
export interface HierarchyStep {
  readonly level: number
  readonly latent: readonly number[]
  /** Done frames between the first and the last latent one, ascending. */
  readonly between: readonly number[]
  /** How many more frames there is room to condition on: at least two. */
  readonly places: number
}

function* hierarchyStages(
  levels: number,
  settings: SchemeSettings,
  start: readonly number[],
): Generator<Stage, void, undefined> {
  const done = new Set(start)
  for (const step of hierarchySteps(levels, settings, start)) {
    yield { observed: surroundings(step, done, settings, start), latent: step.latent }
    for (const frame of step.latent) done.add(frame)
  }
}

/** Nearest frames on both sides; at the first level, where none are after, frames of the whole beginning. */
function surroundings(
  { level, latent, between, places }: HierarchyStep,
  done: ReadonlySet<number>,
  { videoLength }: SchemeSettings,
  start: readonly number[],
): number[] {
  const [first, last] = [latent[0] ?? 0, latent.at(-1) ?? 0]
  const isDone = (frame: number) => done.has(frame)
  const after = range(last + 1, videoLength)
    .filter(isDone)
    .slice(0, Math.floor(places / 2))
  const left = places - after.length
  const before =
    level === 1
      ? linspace(0, (start.at(-1) ?? 0) + 0.999, left)
      : range(first).filter(isDone).reverse().slice(0, left)
  return [...between, ...after, ...before]
}

/**
 * The latent frames of each stage, and the room around them.
 * @param start the frames that are done, at least one, ascending: the first ones of the video, or, after an
 *   unconditional stage, some from the first to the last
 */
export function* hierarchySteps(
  levels: number,
  { videoLength: N, maxFrames: K, stepSize }: SchemeSettings,
  start: readonly number[],
): Generator<HierarchyStep, void, undefined> {
  const done = new Set(start)
  const lastStart = start.at(-1) ?? 0
  const undoneFrom = (frame: number) =>
    range(Math.max(0, frame), N).filter((candidate) => !done.has(candidate))
  let level = 1
  let last = lastStart

  const propose = (step: number): HierarchyStep => {
    const spacing = () => {
      // With a single frame per stage there is no spacing to speak of: one stage spans the level.
      const coarsest = (N - start.length) / Math.max(1, step - 1)
      return Math.max(1, Math.floor(coarsest ** ((levels - level) / (levels - 1))))
    }
    let from = last + spacing()
    while (undoneFrom(from).length === 0) {
      level++
      from = (undoneFrom(0)[0] ?? 0) - 1 + spacing()
      last = 0
    }
    const latent =
      level === 1
        ? linspace(lastStart + 1, N - 0.001, Math.min(step, undoneFrom(0).length))
        : spaced(undoneFrom(from), spacing(), step)
    const between = range(latent[0] ?? 0, latent.at(-1) ?? 0).filter((frame) => done.has(frame))
    const places = K - step - between.length
    // Fewer frames at once leave more room, and fewer done frames between them.
    return places < 2 && step > 1 ? propose(step - 1) : { level, latent, between, places }
  }

  while (done.size < N) {
    const step = propose(stepSize)
    yield step
    for (const frame of step.latent) done.add(frame)
    last = step.latent.at(-1) ?? 0
  }
}

/** From ascending frames at most `count`, each at least `spacing` after the one before. */
function spaced(frames: readonly number[], spacing: number, count: number): number[] {
  const taken: number[] = []
  for (const frame of frames) {
    if (taken.length === count) break
    if (frame >= (taken.at(-1) ?? -Infinity) + spacing) taken.push(frame)
  }
  return taken
}
