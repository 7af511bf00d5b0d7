import type { DiffusionConfig } from '../config/model.js'
import { noiseSchedule } from './noise-schedule.js'
import { respacedTimesteps } from './respacing.js'

/** As much of a frame as may be left at the noisiest step, sqrt(alpha-bar), before it is worth a word. */
const MOST_SIGNAL = 0.25

/**
 * What is wrong with steps that leave out the noisiest ones, as `1` does, which keeps step 0 alone, and `10,0`:
 * sampling starts from pure noise, and the network is told that much of a frame is in it.
 * @returns one line; undefined if little of a frame is left at the noisiest step in use, or as much in any case
 * @throws UserError for steps that cannot be had.
 */
export function respacingWarning(
  config: Pick<DiffusionConfig, 'noise_schedule' | 'diffusion_steps' | 'timestep_respacing'>,
): string | undefined {
  const { diffusion_steps: steps, timestep_respacing: respacing } = config
  const noisiest = respacedTimesteps(steps, respacing).at(-1) ?? 0
  let signal = 1
  let leftAtLast = 1
  for (const [step, beta] of noiseSchedule(config.noise_schedule, steps).entries()) {
    leftAtLast *= Math.sqrt(1 - beta)
    if (step === noisiest) signal = leftAtLast
  }
  // A schedule may itself end before all is noise: then there is no step to be had that has less of a frame.
  if (signal <= MOST_SIGNAL || leftAtLast > signal / 2) return undefined
  return (
    `--timestep_respacing ${respacing} leaves out all steps after ${noisiest} of 0 to ${steps - 1}: the network is ` +
    `told that the noise it starts from is a frame at ${Math.round(100 * signal)} % of its strength, where steps up ` +
    `to the last, as of --timestep_respacing ${Math.min(steps, 20)}, start at ${Math.round(100 * leftAtLast)} %`
  )
}
