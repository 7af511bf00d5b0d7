import { UserError } from '../errors.js'
import type { GaussianDiffusion } from './gaussian-diffusion.js'

/**
 * Refuses a process that ends in pure noise, as `linear` with 20 steps does, whose last variance is 1: with
 * alpha-bar 0, eq. 4 of Ho et al. 2020 cannot be solved for x_0, and frames would be NaN from the first
 * step of sampling on.
 * @param advice what to do instead
 * @throws UserError if nothing is left of a frame at the last step in use.
 */
export function requireSignal(
  { schedule, config }: Pick<GaussianDiffusion, 'schedule' | 'config'>,
  advice: string,
): void {
  if (schedule.alphasCumprod.at(-1) !== 0) return
  throw new UserError(
    `--noise_schedule ${config.noise_schedule} with --diffusion_steps ${config.diffusion_steps} leaves nothing of a frame ` +
      `at the last step, and no frame can be computed from that: ${advice}`,
  )
}

/** For a model that is trained already. */
export const LEAVE_LAST_STEP_OUT =
  'leave that step out, as --timestep_respacing ddim10 does, or train a model with more steps'
