import { UserError } from '../errors.js'
import type { SchemeSettings } from './types.js'

/**
 * Checks what every scheme needs of its settings, whatever it does with them.
 * @throws UserError naming the setting, what it must be and what it is.
 */
export function checkSettings(settings: SchemeSettings): void {
  const { videoLength: N, numObserved, maxFrames: K, stepSize } = settings
  requireCount('a video length (T)', N, 1)
  requireCount('a number of observed frames (n_obs)', numObserved, 0)
  requireCount('a window size (max_frames)', K, 1)
  requireCount('a number of new frames per stage (max_latent_frames)', stepSize, 1)
  if (stepSize > K)
    throw new UserError(
      `at most max_frames = ${K} frames can be sampled per stage, not max_latent_frames = ${stepSize}`,
    )
  if (numObserved > N)
    throw new UserError(`n_obs = ${numObserved} frames cannot be observed of a video of T = ${N} frames`)
  if (numObserved === N)
    throw new UserError(
      `nothing to sample: all T = ${N} frames are observed (n_obs); observe fewer or raise T`,
    )
  if (stepSize === K && !fitsOneUnconditionalStage(settings))
    throw new UserError(
      `max_latent_frames = ${stepSize} leaves no room to condition on anything in a window of ` +
        `max_frames = ${K}; sample fewer frames per stage`,
    )
}

/** Without observed frames, a video no longer than the window is sampled in one go, conditioned on nothing. */
export function fitsOneUnconditionalStage(settings: SchemeSettings): boolean {
  return settings.numObserved === 0 && settings.videoLength <= settings.maxFrames
}

function requireCount(what: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new UserError(`${what} is an integer of at least ${least}, not ${value}`)
}
