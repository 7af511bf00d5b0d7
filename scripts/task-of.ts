import { UserError } from '../src/errors.js'

/** Set by job systems for each job of an array: by SLURM, and for Indexed Jobs of Kubernetes. */
const TASK_VARIABLES = ['SLURM_ARRAY_TASK_ID', 'JOB_COMPLETION_INDEX']

/**
 * Number of this process in an array of jobs, if it is in one.
 * @throws UserError for a variable that holds something else.
 */
export function taskOf(environment: Readonly<Record<string, string | undefined>>): number | undefined {
  for (const name of TASK_VARIABLES) {
    const value = environment[name]
    if (value === undefined || value === '') continue
    if (/^\d+$/.test(value) && Number.isSafeInteger(Number(value))) return Number(value)
    throw new UserError(`the variable ${name} takes an integer of at least 0, not "${value}"`)
  }
  return undefined
}
