import { existsSync } from 'node:fs'
import path from 'node:path'
import { resumeSource } from '../config/training.js'
import { UserError } from '../errors.js'
import type { ResolvedTrainConfig } from './save-checkpoint.js'

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
 */
export function runPlace(config: ResolvedTrainConfig, root: string, newRunId: string): RunPlace {
  const source = resumeSource(config)
  const isNew = !source || !('runId' in source)
  const runId = isNew ? newRunId : source.runId
  const folder = path.join(root, runId)
  return { runId, isNew, folder, logFile: path.join(config.log_dir || folder, 'log.jsonl') }
}

/**
 * Makes sure that a new run does not write over another one.
 * @throws UserError naming what is there already.
 */
export function requireNewPlace({ runId, folder, logFile }: RunPlace): void {
  if (existsSync(path.join(folder, 'log.jsonl')))
    throw new UserError(`${folder} is there already: resume it with --resume_id ${runId}`)
  if (existsSync(logFile))
    throw new UserError(`${logFile} is the log of another run: name another folder with --log_dir`)
}
