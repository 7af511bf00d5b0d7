import type { Optimality } from '../../config/optimality.js'
import type { SamplingConfig } from '../../config/sampling.js'
import { UserError } from '../../errors.js'
import { requireFixed } from '../../schemes/optimised-scheme.js'
import { findScheme } from '../../schemes/registry.js'
import type { SamplingScheme, SchemeSettings } from '../../schemes/types.js'
import { findSchedule } from '../results/find-schedule.js'
import { modelResultsFolder, type ModelResults } from '../results/results-layout.js'

/** The scheme that options ask for. */
export interface ChosenScheme {
  readonly scheme: SamplingScheme
  /** The optimised schedule that it follows, if it does: its kind, and what tells it from others. */
  readonly optimised: { readonly optimality: Optimality; readonly digest: string } | undefined
}

type Options = Pick<SamplingConfig, 'sampling_scheme' | 'optimality' | 'optimal_schedule' | 'eval_dir'>

/**
 * Finds a scheme, and the optimised schedule that it is to follow, if any.
 * @param results where the model's results go; undefined if there is no model
 * @throws UserError if there is no such scheme or schedule, or one that does not fit.
 */
export function chosenScheme(
  { sampling_scheme: name, optimality, optimal_schedule: file, eval_dir: evalDir }: Options,
  settings: SchemeSettings,
  results: ModelResults | undefined,
): ChosenScheme {
  if (name === undefined) throw new UserError('--sampling_scheme is missing: name one')
  const scheme = findScheme(name)
  if (optimality === undefined) {
    if (file === undefined) return { scheme, optimised: undefined }
    throw new UserError('--optimal_schedule needs --optimality, which says how the schedule was made')
  }
  // First of all: no schedule that is named helps.
  requireFixed(scheme)
  const parents = evalDir === undefined ? resultsFolders(results) : [evalDir]
  if (file === undefined && parents.length === 0)
    throw new UserError('--optimality: without a checkpoint, name the schedule with --optimal_schedule')
  const found = findSchedule({ optimality, file, scheme, settings, parents })
  return { scheme: found.scheme, optimised: { optimality, digest: found.digest } }
}

/** Schedules are made without a sampler: their folder is the one of ancestral sampling with all steps. */
function resultsFolders(results: ModelResults | undefined): string[] {
  if (!results) return []
  const plain: ModelResults = { ...results, sampler: 'ancestral', eta: 0, timestepRespacing: '' }
  return [...new Set([plain, results].map(modelResultsFolder))]
}
