import type { SamplerName } from '../../config/sampler.js'
import type { Schedule } from '../schedule.js'
import type { Sampler } from '../types.js'
import { ancestralSampler } from './ancestral.js'
import { ddimSampler } from './ddim.js'
import { dpmSolverSampler, sdeDpmSolverSampler } from './dpm-solver.js'

/**
 * The sampler of a name.
 * @param eta noise of DDIM steps; others have none to choose
 */
export function createSampler(name: SamplerName, schedule: Schedule, eta: number): Sampler {
  switch (name) {
    case 'ancestral':
      return ancestralSampler(schedule.numTimesteps)
    case 'ddim':
      return ddimSampler(schedule, eta)
    case 'dpm++':
      return dpmSolverSampler(schedule)
    case 'sde-dpm++':
      return sdeDpmSolverSampler(schedule)
  }
}
