import { existsSync } from 'node:fs'
import path from 'node:path'
import { requireRunId, resumeSource } from '../config/training.js'
import { UserError } from '../errors.js'
import { expectText } from '../expect.js'
import { readCheckpointFile } from '../torch-file/index.js'
import { logOwner } from '../tracking/log-owner.js'
import { hasModels } from './checkpoints/checkpoint-files.js'
import { resumedFiles } from './checkpoints/resumed-options.js'
import type { ResolvedTrainConfig } from './checkpoints/save-checkpoint.js'

/** The folder of all runs, where none is named. */
export const RUNS_ROOT = 'checkpoints'

/** Which run it is, and where its files are. */
export interface RunPlace {
  readonly runId: string
  /** Whether it is not one that is resumed. */
  readonly isNew: boolean
  readonly folder: string
  readonly logFile: string
}

/**
 * @param root the folder of all runs
 * @param newRunId of a new run; a resumed one has its own
 * @throws UserError if that is no name of a folder
 */
export function runPlace(config: ResolvedTrainConfig, root: string, newRunId: string): RunPlace {
  const source = resumeSource(config)
  const isNew = !source || !('runId' in source)
  if (isNew) {
    expectText('train takes as newRunId a run id', newRunId)
    requireRunId('newRunId', newRunId)
  }
  const runId = isNew ? newRunId : source.runId
  const folder = path.join(root, runId)
  return { runId, isNew, folder, logFile: path.join(config.log_dir || folder, 'log.jsonl') }
}

/**
 * Makes sure that a new run does not write over another one.
 * @param startsOver whether it may be one that was stopped before it saved anything, whose log is written anew
 * @throws UserError naming what is there already.
 */
export function requireNewPlace({ runId, folder, logFile }: RunPlace, startsOver = false): void {
  if (startsOver && hasModels(folder))
    throw new UserError(`${folder} has checkpoints by now: start the same again to go on from them`)
  if (startsOver) {
    const owner = logOwner(logFile)
    if (owner === 'nobody' || (owner !== 'unknown' && owner.runId === runId)) return
  }
  if (existsSync(path.join(folder, 'log.jsonl')))
    throw new UserError(`${folder} is there already: resume it with --resume_id ${runId}`)
  if (existsSync(logFile))
    throw new UserError(`${logFile} is the log of another run: name another folder with --log_dir`)
}

/**
 * Makes sure that a resumed run, which takes back lines of its log, does not do so with another run's. The log in
 * its folder is its own; one elsewhere says whose it is, or is of a version that did not: then it has to be where
 * the run's log was before.
 * @param root the folder of all runs
 * @throws UserError naming the log.
 */
export function requireOwnLog(
  { runId, folder, logFile }: RunPlace,
  config: ResolvedTrainConfig,
  root: string,
): void {
  if (path.resolve(path.dirname(logFile)) === path.resolve(folder)) return
  const owner = logOwner(logFile)
  if (
    owner === 'nobody' ||
    (owner === 'unknown' && logDirBefore(runId, root) === path.resolve(config.log_dir))
  )
    return
  if (owner !== 'unknown' && owner.runId === runId) return
  const whose = owner === 'unknown' ? 'another run' : `run ${owner.runId}, not of ${runId}`
  throw new UserError(`${logFile} is the log of ${whose}: name another folder with --log_dir`)
}

/** Where the log of a run was, as its newest checkpoint says; undefined for the run's own folder. */
function logDirBefore(runId: string, root: string): string | undefined {
  const { config } = readCheckpointFile(resumedFiles({ runId }, root, []).model)
  return typeof config.log_dir === 'string' && config.log_dir !== ''
    ? path.resolve(config.log_dir)
    : undefined
}
