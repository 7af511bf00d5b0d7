import path from 'node:path'
import { UserError } from '../errors.js'
import { parseObservedFrames } from '../schemes/observed-frames.js'
import { range } from '../schemes/range.js'

export interface GivenFramesOptions {
  /** How many first frames were given, where that is known. */
  readonly n_obs: number | undefined
  /** Any frames instead, as `sample` takes them. */
  readonly obs_frames: string
}

/**
 * Which frames of a run's samples were given: as said, or else as the name of the run's folder ends, in their
 * number (`.._36`) or their positions (`.._0-35,99`).
 * @param T frames of each sample
 * @returns positions, ascending
 * @throws UserError if nothing says it, or what does is outside a video.
 */
export function givenFrames(
  evalDir: string,
  { n_obs: count, obs_frames: frames }: GivenFramesOptions,
  T: number,
): number[] {
  if (frames !== '') return positions(parseObservedFrames(frames, T), T)
  if (count !== undefined) return positions(count, T)
  const [, label] = /_(\d[\d,-]*)$/.exec(path.basename(path.resolve(evalDir))) ?? []
  if (label === undefined)
    throw new UserError(
      `the name of ${evalDir} does not end in which frames were given: say it with --n_obs or --obs_frames`,
    )
  return positions(/^\d+$/.test(label) ? Number(label) : parseObservedFrames(label, T), T)
}

function positions(observed: number | readonly number[], T: number): number[] {
  if (typeof observed !== 'number') return [...observed]
  if (observed > T) throw new UserError(`${observed} frames cannot have been given, samples have ${T}`)
  return range(observed)
}
