import { expectObject } from '../../expect.js'
import type { SamplerStep } from '../types.js'

/**
 * @param what says who takes it, and what it is
 * @throws UserError for something that is no step of a sampler.
 */
export function requireStep(what: string, step: SamplerStep): void {
  expectObject(what, step, {
    numTimesteps: 'number',
    numCarried: 'number',
    weights: 'function',
    update: 'function',
  })
}
