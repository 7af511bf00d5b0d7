import type { SamplerName, SamplerOptions } from '../../config/sampler.js'
import type { Schedule } from '../schedule.js'
import type { Sampler } from '../types.js'
import { ancestralSampler } from './ancestral.js'
import { ddimSampler } from './ddim.js'
import { dpmSolverSampler, sdeDpmSolverSampler } from './dpm-solver.js'

/** What there is to choose about some samplers. */
export type SamplerChoices = Partial<Pick<SamplerOptions, 'eta' | 'limit_extrapolation'>>

/**
 * The sampler of a name.
 * @param options `eta`: noise of DDIM steps (default: 0); `limit_extrapolation`: of DPM-Solver++ (default: true);
 *   others have none to choose
 */
export function createSampler(
  name: SamplerName,
  schedule: Schedule,
  { eta = 0, limit_extrapolation: isLimited = true }: SamplerChoices = {},
): Sampler {
  switch (name) {
    case 'ancestral':
      return ancestralSampler(schedule)
    case 'ddim':
      return ddimSampler(schedule, { eta })
    case 'dpm++':
      return dpmSolverSampler(schedule, { isLimited })
    case 'sde-dpm++':
      return sdeDpmSolverSampler(schedule, { isLimited })
  }
}
