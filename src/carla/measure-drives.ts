import { UserError } from '../errors.js'
import { drivingMetrics, type DrivingMetrics } from './driving-metrics.js'
import { speedsOf, type SpeedOptions } from './speeds.js'

type Positions = readonly (readonly [number, number])[]

export interface Drive {
  /** What it is called in the results. */
  readonly name: string
  readonly positions: Positions
}

export interface DrivesResult {
  /** Of the speeds of all videos together. */
  readonly total: DrivingMetrics
  /** In the order of the drives; without metrics where a video is too short for a speed. */
  readonly videos: readonly { readonly name: string; readonly metrics: DrivingMetrics | undefined }[]
  /** In m/s. */
  readonly speeds: { readonly sampled: readonly number[]; readonly real: readonly number[] }
}

/**
 * Compares sampled drives with real ones, each and all together.
 * @param options which speeds count; given frames are those of samples
 * @throws UserError if no sampled video is long enough for a speed, or no real one has a speed to compare with
 */
export function measureDrives(
  drives: readonly Drive[],
  real: readonly Positions[],
  { limit, ...options }: SpeedOptions & { readonly limit: number },
): DrivesResult {
  const ofReal = { ...options, isGiven: () => false }
  const realSpeeds = real.flatMap((positions) => speedsOf(positions, ofReal)).map(({ value }) => value)
  const perDrive = drives.map(({ name, positions }) => ({ name, speeds: speedsOf(positions, options) }))
  const all = perDrive.flatMap(({ speeds }) => speeds)
  if (all.length === 0)
    throw new UserError(
      `no sample has two frames ${options.stride ?? 10} apart to measure a speed between: give a smaller --stride`,
    )
  if (!realSpeeds.some((value) => value <= limit))
    throw new UserError(`the data set has no speeds up to ${limit} m/s to compare with`)
  return {
    total: drivingMetrics(all, realSpeeds, limit),
    videos: perDrive.map(({ name, speeds }) => ({
      name,
      metrics: speeds.length === 0 ? undefined : drivingMetrics(speeds, realSpeeds, limit),
    })),
    speeds: { sampled: all.map(({ value }) => value), real: realSpeeds },
  }
}
