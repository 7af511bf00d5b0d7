import type { Speed } from './speeds.js'
import { wassersteinDistance } from './wasserstein-distance.js'

/** Faster is no driving but a jump: the data was driven at up to 3 m/s. */
const SPEED_LIMIT = 10

export interface DrivingMetrics {
  /** PO: percentage of the speeds that are outliers, above the limit. */
  readonly outliers: number
  /** WD: Wasserstein distance of the other speeds from the data set's, in m/s; undefined if there are none. */
  readonly distance: number | undefined
  /** Speeds that were looked at. */
  readonly pairs: number
}

/**
 * How a sampled drive compares with real ones (Harvey et al. 2022): how often it jumps, and how its speeds
 * are distributed where it does not.
 * @param speeds of one or several sampled videos
 * @param reference speeds of the data set's videos, in m/s; those above the limit are errors of the
 *   regression and do not count on this side either
 * @throws RangeError if there are no speeds at all
 */
export function drivingMetrics(
  speeds: readonly Speed[],
  reference: Iterable<number>,
  limit = SPEED_LIMIT,
): DrivingMetrics {
  if (speeds.length === 0) throw new RangeError('metrics of no speeds at all')
  const values = speeds.map(({ value }) => value)
  const usual = values.filter((value) => value <= limit)
  const usualReference = Array.from(reference).filter((value) => value <= limit)
  if (usualReference.length === 0) throw new RangeError('there are no speeds to compare with')
  return {
    outliers: (100 * (values.length - usual.length)) / values.length,
    distance: usual.length === 0 ? undefined : wassersteinDistance(usual, usualReference),
    pairs: values.length,
  }
}
