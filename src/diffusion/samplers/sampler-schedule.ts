import { expectObject } from '../../expect.js'
import type { Schedule } from '../schedule.js'

/** What samplers need of a schedule. */
export type SamplerSchedule = Pick<Schedule, 'numTimesteps' | 'alphasCumprod' | 'alphasCumprodPrev'>

/**
 * @param caller the function that was given it
 * @throws UserError for something that is no schedule, such as the diffusion process that it belongs to.
 */
export function requireSchedule(caller: string, schedule: SamplerSchedule): void {
  const members = { numTimesteps: 'number', alphasCumprod: 'object', alphasCumprodPrev: 'object' } as const
  expectObject(`${caller} takes the schedule of a diffusion`, schedule, members)
}
