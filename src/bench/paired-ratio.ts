import { median } from '../median.js'

/**
 * How many times as long one side takes as another: each round's medians are compared, as the machine may
 * have been slower in one round than in the next, and the median of the ratios is returned.
 * @param rounds times by round, as many rounds for both
 */
export function pairedRatio(
  rounds: readonly (readonly number[])[],
  others: readonly (readonly number[])[],
): number {
  return median(rounds.map((times, i) => median(times) / median(others[i] ?? [])))
}
