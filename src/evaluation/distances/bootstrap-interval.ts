import { inTurns, type Steps } from '../../in-turns.js'
import { nextTurn } from '../../next-turn.js'
import type { HostRandom } from '../../random.js'
import { selectRows, type Features } from './features.js'

export interface Interval {
  readonly low: number
  readonly high: number
  /** How sure: 0.95. */
  readonly level: number
  readonly resamples: number
}

/**
 * How far a distance may be off because the videos could have been others: the basic bootstrap interval
 * (Davison & Hinkley 1997, equation 5.6). Sets are drawn anew from both sides, with replacement. A drawn set
 * has repetitions, which makes its distance too large just as having few videos does: so the interval is
 * mirrored at the estimate, and lies lower than it.
 * @param estimate the distance of the sets themselves
 * @throws the signal's reason, if the person wants to stop
 */
export async function bootstrapInterval(
  distance: (a: Features, b: Features) => Steps<number>,
  [a, b]: readonly [Features, Features],
  {
    estimate,
    resamples,
    level = 0.95,
    random,
    onProgress,
    signal,
  }: {
    readonly estimate: number
    readonly resamples: number
    readonly level?: number
    readonly random: HostRandom
    readonly onProgress?: (done: number) => void
    readonly signal?: AbortSignal | undefined
  },
): Promise<Interval> {
  const drawn: number[] = []
  while (drawn.length < resamples) {
    await nextTurn(signal)
    drawn.push(await inTurns(distance(redrawn(a, random), redrawn(b, random)), signal))
    onProgress?.(drawn.length)
  }
  drawn.sort((x, y) => x - y)
  const tail = (1 - level) / 2
  return {
    low: 2 * estimate - quantile(drawn, 1 - tail),
    high: 2 * estimate - quantile(drawn, tail),
    level,
    resamples,
  }
}

function redrawn(features: Features, random: HostRandom): Features {
  return selectRows(
    features,
    Array.from({ length: features.count }, () => random.integer(0, features.count)),
  )
}

/** Between the two nearest of sorted values. */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1)
  const low = Math.floor(at)
  const [first = NaN, second = first] = sorted.slice(low, low + 2)
  return first + (at - low) * (second - first)
}
