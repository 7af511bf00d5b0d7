import { checkedStages, range } from './plan.js'
import { checkSettings } from './settings.js'
import type { SamplingScheme, SchemeSettings, Stage } from './types.js'

interface FixedScheme {
  readonly name: string
  readonly summary: string
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
      scheme.check?.(settings)
      return [...checkedStages(scheme.name, settings, plan(scheme, settings))]
    },
  }
}

function* plan(scheme: FixedScheme, settings: SchemeSettings): Generator<Stage, void, undefined> {
  const { numObserved, videoLength } = settings
  if (numObserved > 0) {
    yield* scheme.plan(settings, range(numObserved))
    return
  }
  const latent = scheme.first?.(settings) ?? range(Math.min(settings.maxFrames, videoLength))
  yield { observed: [], latent }
  if (latent.length < videoLength) yield* scheme.plan(settings, latent)
}
