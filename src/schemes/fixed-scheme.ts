import { checkedStages } from './plan.js'
import { range } from './range.js'
import { checkFirstFrames, checkRoom, checkSettings, givenFrames } from './settings.js'
import type { SamplingScheme, SchemeSettings, Stage } from './types.js'

export interface FixedScheme {
  readonly name: string
  readonly summary: string
  /** Whether any frames may be given. Default: only the first ones of the video. */
  readonly anyFrames?: boolean
  /** Whether it samples fewer frames per stage where they leave no room to condition on others. */
  readonly shrinks?: boolean
  /** Whether, told to sample K frames per stage, it still completes the video: with fewer that there is room for. Default: no. */
  fitsWithoutRoom?(settings: SchemeSettings): boolean
  /** What the scheme asks of its settings beyond what all schemes do. @throws UserError */
  check?(settings: SchemeSettings): void
  /** The frames sampled first where none are observed: at most K, and the first K unless said otherwise. */
  first?(settings: SchemeSettings): readonly number[]
  /** The stages that follow once the frames `start`, at least one, ascending, are done. */
  plan(settings: SchemeSettings, start: readonly number[]): Iterable<Stage>
}

/**
 * A scheme that plans without looking at frames. Its plan is made and checked as a whole before the first
 * stage, so that nothing can go wrong after hours of sampling.
 */
export function fixedScheme(scheme: FixedScheme): SamplingScheme {
  return {
    name: scheme.name,
    summary: scheme.summary,
    adaptive: false,
    stages(settings) {
      checkSettings(settings)
      if (!scheme.shrinks) checkRoom(settings, scheme.fitsWithoutRoom?.(settings) ?? false)
      if (!scheme.anyFrames) checkFirstFrames(scheme.name, settings)
      scheme.check?.(settings)
      const stages = afterFirst(settings, scheme.first?.(settings), (start) => scheme.plan(settings, start))
      return [...checkedStages(scheme.name, settings, stages)]
    },
  }
}

/**
 * The stages of a scheme, after an unconditional one where no frame is given.
 * @param first what that one samples: the first K frames unless said otherwise
 * @param plan the stages that follow once the frames `start` are done
 */
export function* afterFirst(
  settings: SchemeSettings,
  first: readonly number[] | undefined,
  plan: (start: readonly number[]) => Iterable<Stage>,
): Generator<Stage, void, undefined> {
  const given = givenFrames(settings)
  if (given.length > 0) {
    yield* plan(given)
    return
  }
  const latent = first ?? range(Math.min(settings.maxFrames, settings.videoLength))
  yield { observed: [], latent }
  if (latent.length < settings.videoLength) yield* plan(latent)
}
