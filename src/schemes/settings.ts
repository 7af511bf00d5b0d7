import { UserError } from '../errors.js'
import { range } from './range.js'
import type { SchemeSettings } from './types.js'

/** Those that a Set can hold, as plans keep account of which frames are done. */
const MOST_FRAMES = 2 ** 24

/** The positions of the frames that are given, ascending. */
export function givenFrames({ observed }: Pick<SchemeSettings, 'observed'>): readonly number[] {
  return typeof observed === 'number' ? range(observed) : observed
}

/**
 * Checks what every scheme needs of its settings, whatever it does with them.
 * @throws UserError naming the setting, what it must be and what it is.
 */
export function checkSettings(settings: SchemeSettings): void {
  const { videoLength: N, observed, maxFrames: K, stepSize } = settings
  requireCount('a video length (T)', N, 1)
  if (N > MOST_FRAMES)
    throw new UserError(
      `a video can be planned of up to ${MOST_FRAMES} frames (T), not ${N}: see sample-long`,
    )
  if (typeof observed === 'number') requireCount('a number of observed frames (n_obs)', observed, 0)
  else requirePositions(observed, N)
  requireCount('a window size (max_frames)', K, 1)
  requireCount('a number of new frames per stage (max_latent_frames)', stepSize, 1)
  const count = typeof observed === 'number' ? observed : observed.length
  if (count > N)
    throw new UserError(`n_obs = ${count} frames cannot be observed of a video of T = ${N} frames`)
  if (count === N)
    throw new UserError(
      `nothing to sample: all T = ${N} frames are observed; observe fewer (n_obs, obs_frames) or raise T`,
    )
}

/**
 * For schemes that sample as many frames per stage as they are told.
 * @param fitsAnyway whether the stages that there are have room, being smaller than they may be
 * @throws UserError if the window has no room for them, or none to condition on anything.
 */
export function checkRoom(settings: SchemeSettings, fitsAnyway: boolean): void {
  const { maxFrames: K, stepSize } = settings
  if (stepSize > K)
    throw new UserError(
      `at most max_frames = ${K} frames can be sampled per stage, not max_latent_frames = ${stepSize}`,
    )
  if (stepSize === K && !fitsAnyway && !fitsOneUnconditionalStage(settings))
    throw new UserError(
      `max_latent_frames = ${stepSize} leaves no room to condition on anything in a window of ` +
        `max_frames = ${K}; sample fewer frames per stage`,
    )
}

/**
 * For schemes that start from the first frames of a video.
 * @throws UserError if others are given, or not all up to the last of them.
 */
export function checkFirstFrames(schemeName: string, settings: SchemeSettings): void {
  if (givenFrames(settings).some((frame, i) => frame !== i))
    throw new UserError(
      `${schemeName} completes videos from their first frames (n_obs); the scheme infill takes any frames`,
    )
}

/** Without observed frames, a video no longer than the window is sampled in one go, conditioned on nothing. */
export function fitsOneUnconditionalStage(settings: SchemeSettings): boolean {
  return givenFrames(settings).length === 0 && settings.videoLength <= settings.maxFrames
}

function requireCount(what: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new UserError(`${what} is an integer of at least ${least}, not ${value}`)
}

function requirePositions(frames: readonly number[], N: number): void {
  const outside = frames.find((frame) => !Number.isSafeInteger(frame) || frame < 0 || frame >= N)
  if (outside !== undefined)
    throw new UserError(`frame ${outside} cannot be observed: a video of T = ${N} frames has 0 to ${N - 1}`)
  if (frames.some((frame, i) => i > 0 && frame <= (frames[i - 1] ?? 0)))
    throw new UserError('observed frames are listed ascending, each once')
}
