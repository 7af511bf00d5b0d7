import { DoneFrames } from './done-frames.js'
import { linspace } from './linspace.js'
import type { SchemeSettings } from './types.js'

/** One stage before it is known what it conditions on. */
export interface HierarchyStep {
  readonly level: number
  readonly latent: readonly number[]
  /** Done frames between the first and the last latent one, ascending. */
  readonly between: readonly number[]
  /** How many more frames there is room to condition on: at least two. */
  readonly places: number
}

/**
 * The latent frames of each stage of a hierarchy, and the room around them.
 * @param start the frames that are done, at least one, ascending: the first ones of the video, or, after an
 *   unconditional stage, some from the first to the last
 */
export function* hierarchySteps(
  levels: number,
  { videoLength: N, maxFrames: K, stepSize }: SchemeSettings,
  start: readonly number[],
): Generator<HierarchyStep, void, undefined> {
  const done = new DoneFrames(N, start)
  const lastStart = start.at(-1) ?? 0
  let level = 1
  let last = lastStart
  let started = false

  // With a single frame per stage there is no spacing to speak of: one stage spans the level.
  const spacing = (step: number) => {
    const coarsest = (N - start.length) / Math.max(1, step - 1)
    return Math.max(1, Math.floor(coarsest ** ((levels - level) / (levels - 1))))
  }
  /** Goes on to the level where a stage of so many frames would start, and gives its first frame. */
  const reach = (step: number): number => {
    // The first stage begins anew with fewer frames, later ones on the level where they are.
    if (!started) [level, last] = [1, lastStart]
    let from = done.firstUndone(last + spacing(step))
    while (from === undefined) {
      level++
      from = done.firstUndone((done.firstUndone(0) ?? 0) - 1 + spacing(step))
      last = 0
    }
    return from
  }
  const propose = (step: number): HierarchyStep | undefined => {
    const from = reach(step)
    if (K - step < 2 && step > 1) return undefined
    const latent =
      level === 1
        ? linspace(lastStart + 1, N - 0.001, Math.min(step, N - done.count))
        : spaced(done, from, spacing(step), step)
    const between = done.from(latent[0] ?? 0, latent.at(-1) ?? 0)
    const places = K - step - between.length
    return places < 2 && step > 1 ? undefined : { level, latent, between, places }
  }
  // Beyond both, all sizes have the same spacing and no room.
  const most = Math.min(stepSize, Math.max(K, N + 1))
  /** Fewer frames at once leave more room, and fewer done frames between them. */
  const next = (): HierarchyStep => {
    for (let size = most; ; size--) {
      const step = propose(size)
      if (step) return step
    }
  }

  while (done.count < N) {
    const step = next()
    yield step
    done.add(step.latent)
    started = true
    last = step.latent.at(-1) ?? 0
  }
}

/** From the undone frame `first` on at most `count` undone ones, each at least `spacing` after the one before. */
function spaced(done: DoneFrames, first: number, spacing: number, count: number): number[] {
  const taken: number[] = []
  for (let frame: number | undefined = first; frame !== undefined && taken.length < count;) {
    taken.push(frame)
    frame = done.firstUndone(frame + spacing)
  }
  return taken
}
