import { UserError } from '../errors.js'

/** The ways from noise to a video. */
export const samplerNames = ['ancestral', 'ddim', 'dpm++', 'sde-dpm++'] as const

export type SamplerName = (typeof samplerNames)[number]

/** A way of sampling as results are named after it: DPM-Solver++ without its limit is another one. */
export type SamplerLabel = SamplerName | `${SolverName}_unlimited`

type SolverName = 'dpm++' | 'sde-dpm++'

/** The options that say how steps are taken. */
export interface SamplerOptions {
  readonly sampler: SamplerName | undefined
  readonly use_ddim: boolean
  readonly eta: number
  readonly limit_extrapolation: boolean
}

/**
 * The sampler that options ask for, in either of the two ways to ask for DDIM.
 * @throws UserError for options that contradict each other.
 */
export function chosenSampler(options: SamplerOptions): SamplerName {
  const { sampler, use_ddim, eta, limit_extrapolation: isLimited } = options
  if (use_ddim && sampler !== undefined && sampler !== 'ddim')
    throw new UserError(`--use_ddim True and --sampler ${sampler} contradict each other: leave one out`)
  const chosen = sampler ?? (use_ddim ? 'ddim' : 'ancestral')
  if (eta !== 0 && chosen !== 'ddim')
    throw new UserError(
      `--eta belongs to DDIM, not to the sampler ${chosen}: give --sampler ddim or --use_ddim True`,
    )
  if (!isLimited && !isSolver(chosen))
    throw new UserError(
      `--limit_extrapolation belongs to DPM-Solver++, not to the sampler ${chosen}: give --sampler dpm++ or sde-dpm++`,
    )
  return chosen
}

/**
 * What results of these options are named after.
 * @throws UserError for options that contradict each other.
 */
export function samplerLabel(options: SamplerOptions): SamplerLabel {
  const chosen = chosenSampler(options)
  return isSolver(chosen) && !options.limit_extrapolation ? `${chosen}_unlimited` : chosen
}

const isSolver = (name: SamplerName): name is SolverName => name === 'dpm++' || name === 'sde-dpm++'
