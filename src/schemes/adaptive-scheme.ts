import { UserError } from '../errors.js'
import { diverseFrames, type ChooseDiverse } from './diverse-frames.js'
import { afterFirst } from './fixed-scheme.js'
import { checkedStages } from './plan.js'
import { checkFirstFrames, checkRoom, checkSettings } from './settings.js'
import type { SamplingScheme, SchemeSettings, Stage } from './types.js'

interface AdaptiveScheme {
  readonly name: string
  readonly summary: string
  /** Whether it samples fewer frames per stage where they leave no room to condition on others. */
  readonly shrinks?: boolean
  /** Whether, told to sample K frames per stage, it still completes the video: with fewer that there is room for. Default: no. */
  fitsWithoutRoom?(settings: SchemeSettings): boolean
  /** What the scheme asks of its settings beyond what all schemes do. @throws UserError */
  check?(settings: SchemeSettings): void
  /** The frames sampled first where none are observed: at most K, and the first K unless said otherwise. */
  first?(settings: SchemeSettings): readonly number[]
  /** The stages that follow once the frames `start`, at least one, ascending, are done. */
  plan(settings: SchemeSettings, start: readonly number[], choose: ChooseDiverse): Iterable<Stage>
}

/** A scheme that chooses what to condition on by what the frames done so far look like. */
export function adaptiveScheme(scheme: AdaptiveScheme): SamplingScheme {
  return {
    name: scheme.name,
    summary: scheme.summary,
    adaptive: true,
    stages(settings, distances) {
      checkSettings(settings)
      if (!scheme.shrinks) checkRoom(settings, scheme.fitsWithoutRoom?.(settings) ?? false)
      checkFirstFrames(scheme.name, settings)
      scheme.check?.(settings)
      if (!distances) throw new UserError(`${scheme.name} needs the distances of frames`)
      const choose = diverseFrames(distances)
      const stages = afterFirst(settings, scheme.first?.(settings), (start) =>
        scheme.plan(settings, start, choose),
      )
      return checkedStages(scheme.name, settings, stages)
    },
  }
}
