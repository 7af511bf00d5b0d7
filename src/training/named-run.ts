import path from 'node:path'
import { requireRunId } from '../config/training.js'
import { UserError } from '../errors.js'
import { hasModels } from './checkpoints/checkpoint-files.js'

/**
 * Options of `train` for a run that the person has named, so that the same command begins it and goes on with it: once
 * it has saved something it is resumed, and what it may have started from is history.
 * @param given options without defaults
 * @param root the folder of all runs, `checkpoints`
 * @throws UserError if that is no name of a run, or another run is named besides.
 */
export function namedRun(
  runId: string,
  given: Readonly<Record<string, unknown>>,
  root: string,
): Readonly<Record<string, unknown>> {
  requireRunId('--run_id', runId)
  for (const other of ['resume_id', 'wandb_id'])
    if (given[other]) throw new UserError(`--run_id and --${other} both name a run: give one`)
  if (!hasModels(path.join(root, runId))) return given
  const others = Object.entries(given).filter(([name]) => name !== 'resume_checkpoint')
  return { ...Object.fromEntries(others), resume_id: runId }
}
