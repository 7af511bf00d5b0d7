import { UserError } from '../errors.js'

/** The ways from noise to a video. */
export const samplerNames = ['ancestral', 'ddim', 'dpm++', 'sde-dpm++'] as const

export type SamplerName = (typeof samplerNames)[number]

/** The options that say how steps are taken. */
export interface SamplerOptions {
  readonly sampler: SamplerName | undefined
  readonly use_ddim: boolean
  readonly eta: number
}

/**
 * The sampler that options ask for, in either of the two ways to ask for DDIM.
 * @throws UserError for options that contradict each other.
 */
export function chosenSampler({ sampler, use_ddim, eta }: SamplerOptions): SamplerName {
  if (use_ddim && sampler !== undefined && sampler !== 'ddim')
    throw new UserError(`--use_ddim True and --sampler ${sampler} contradict each other: leave one out`)
  const chosen = sampler ?? (use_ddim ? 'ddim' : 'ancestral')
  if (eta !== 0 && chosen !== 'ddim')
    throw new UserError(
      `--eta belongs to DDIM, not to the sampler ${chosen}: give --sampler ddim or --use_ddim True`,
    )
  return chosen
}
