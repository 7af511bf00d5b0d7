import type { SamplingConfig } from '../../config/sampling.js'
import { UserError } from '../../errors.js'
import { parseObservedFrames } from '../../schemes/observed-frames.js'
import type { SchemeSettings } from '../../schemes/types.js'

export type SchemeOptions = Pick<SamplingConfig, 'n_obs' | 'obs_frames' | 'max_frames' | 'max_latent_frames'>

/**
 * What a scheme works with, from the options of a command.
 * @param T frames per video
 * @param trained most frames that the network was trained with, if a checkpoint says it
 * @throws UserError if the window is not known, or the observed frames make no sense.
 */
export function schemeSettings(options: SchemeOptions, T: number, trained: unknown): SchemeSettings {
  const maxFrames = options.max_frames ?? trained
  if (typeof maxFrames !== 'number')
    throw new UserError('no checkpoint says how many frames its network takes: give --max_frames')
  return {
    videoLength: T,
    observed: options.obs_frames === '' ? options.n_obs : parseObservedFrames(options.obs_frames, T),
    maxFrames,
    stepSize: options.max_latent_frames ?? defaultStepSize(maxFrames),
  }
}

/** Half of the window. Never 0, so that a window of one frame is what an error is about. */
export const defaultStepSize = (maxFrames: number) => Math.max(1, Math.floor(maxFrames / 2))
