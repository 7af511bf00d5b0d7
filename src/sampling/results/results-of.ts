import { samplerLabel, type SamplerOptions } from '../../config/sampler.js'
import type { SamplingConfig } from '../../config/sampling.js'
import type { ModelResults } from './results-layout.js'

type Options = SamplerOptions & Pick<SamplingConfig, 'timestep_respacing'>

/**
 * What tells the results of a checkpoint that is sampled as options say.
 * @throws UserError for options of the sampler that contradict each other.
 */
export function resultsOf(
  { path: checkpoint, step }: { readonly path: string; readonly step: number | undefined },
  options: Options,
): ModelResults {
  const { eta, timestep_respacing: timestepRespacing } = options
  return { checkpoint, step, sampler: samplerLabel(options), eta, timestepRespacing }
}
