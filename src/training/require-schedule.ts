import { resumeSource, type TrainConfig } from '../config/training.js'
import { requireSignal } from '../diffusion/require-signal.js'
import { createSchedule } from '../diffusion/schedule.js'

/**
 * Makes sure that there is a diffusion process to train with, before anything else is done. What a trained model has
 * had is good enough for it to go on with.
 * @throws UserError for steps or respacing that give no schedule, and for a new model that is to tell noise from steps
 *   of which one has nothing else.
 */
export function requireSchedule(config: TrainConfig): void {
  const schedule = createSchedule(config)
  if (resumeSource(config) || config.predict_xstart) return
  requireSignal({ schedule, config }, 'take more steps, or --predict_xstart True')
}
