import type { HostRandom } from '../../random.js'
import { range } from '../../schemes/range.js'

/** A diffusion step, and how often its term counts in a sum over all steps. */
export interface WeightedTimestep {
  readonly t: number
  readonly weight: number
}

/**
 * Steps for an unbiased estimate of a sum over all: step 0, whose term is unlike the others, and one at random of
 * each of `count` - 1 equal stretches of the rest. A single one is any of all.
 * @param numTimesteps how many there are
 * @param count 1 <= count <= numTimesteps; all of them if it is as many
 * @returns descending
 */
export function chooseTimesteps(
  numTimesteps: number,
  count: number,
  random: HostRandom,
): readonly WeightedTimestep[] {
  const first = count === 1 ? [] : [{ t: 0, weight: 1 }]
  const from = first.length
  const stretches = count - from
  const bound = (i: number) => from + Math.floor((i * (numTimesteps - from)) / stretches)
  const rest = range(stretches).map((i) => ({
    t: random.integer(bound(i), bound(i + 1)),
    weight: bound(i + 1) - bound(i),
  }))
  return [...first, ...rest].reverse()
}
