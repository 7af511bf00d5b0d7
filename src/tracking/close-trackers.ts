import type { Tracker } from './tracker.js'

/**
 * Closes trackers in their order, all of them whatever one of them throws.
 * @throws what the first that failed threw, where the run is finished: an error that ended it says more
 */
export async function closeTrackers(
  trackers: readonly Tracker[],
  outcome: 'finished' | 'failed',
): Promise<void> {
  const failures: unknown[] = []
  for (const tracker of trackers)
    try {
      await tracker.close?.(outcome)
    } catch (error) {
      failures.push(error)
    }
  if (outcome === 'finished' && failures.length > 0) throw failures[0]
}
