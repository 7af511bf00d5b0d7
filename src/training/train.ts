import { availableParallelism } from 'node:os'
import { requireConfig } from '../config/option.js'
import { trainOptions } from '../config/training.js'
import type { VideoDataset } from '../data/dataset.js'
import { readInThreads } from '../data/read-in-threads.js'
import { requireDataset } from '../data/require-dataset.js'
import { UserError } from '../errors.js'
import { expectObject } from '../expect.js'
import { clearUnfinished } from '../files/unfinished-files.js'
import { rankFailure, stopWatchingRanks } from '../runtime/rank-group.js'
import { threadsAsked } from '../threads-asked.js'
import { batchSource } from './batches/batch-source.js'
import { readAhead } from './batches/read-ahead.js'
import type { ResolvedTrainConfig } from './checkpoints/save-checkpoint.js'
import { claimRun, type RunClaim } from './claim-run.js'
import { trainingLoop } from './loop.js'
import { loopSetup } from './loop-setup.js'
import { requireRuntime } from './require-runtime.js'
import { requireSchedule } from './require-schedule.js'
import { runOutput, type RunOutput } from './run-output.js'
import { runParts } from './run-parts.js'
import { requireNewPlace, requireOwnLog, runPlace, RUNS_ROOT, type RunPlace } from './run-place.js'
import { lastStep } from './step/learning-rate.js'
import type { ResolvedTrainRun, RunResult, TrainRun } from './train-run.js'

/**
 * Trains a model from fresh weights or a checkpoint, as the configuration says. The runtime must have been started with
 * what the configuration asks of it (see `runtimeOptions`). Writes below `<root>/<run id>/`; reports through callbacks.
 * @throws UserError for options, data or files that do not work, and for a runtime that was started with others.
 */
export async function train(asked: TrainRun): Promise<RunResult> {
  expectObject('train takes a run with config, dataset and newRunId', asked, {})
  requireDataset('train', asked.dataset)
  const run = { ...asked, config: withDatasetShape(asked) }
  requireRuntime(run.config)
  const threads = readingThreads(run.config)
  const reading = readInThreads(run.dataset, threads)
  try {
    return await startedRun(run, { read: reading.dataset, threads })
  } catch (error) {
    throw (run.ranks && rankFailure(run.ranks, error)) ?? error
  } finally {
    await reading.close()
    if (run.ranks) stopWatchingRanks()
  }
}

/** @throws UserError for a configuration that is incomplete, or of videos of another shape. */
function withDatasetShape({ config, dataset }: TrainRun): ResolvedTrainConfig {
  expectObject('train takes as config what resolveTrainConfig gives', config, {})
  const { name, imageSize } = dataset
  const { image_size = imageSize, T } = config
  const resolved = { ...config, image_size, T: T === -1 ? dataset.T : T }
  requireConfig('train', trainOptions, resolved, 'resolveTrainConfig')
  if (resolved.image_size !== imageSize)
    throw new UserError(`the frames of ${name} are ${imageSize} pixels wide, not ${resolved.image_size}`)
  if (resolved.T !== dataset.T)
    throw new UserError(`the windows of ${name} have ${dataset.T} frames, not T = ${resolved.T}`)
  return resolved
}

async function startedRun(run: ResolvedTrainRun, reading: Reading): Promise<RunResult> {
  const { config, root = RUNS_ROOT, ranks } = run
  const isFirst = ranks === undefined || ranks.rank === 0
  requireSchedule(config)
  const place = runPlace(config, root, run.newRunId)
  if (isFirst && place.isNew) requireNewPlace(place, run.startsOver)
  else if (isFirst) requireOwnLog(place, config, root)
  const claim = isFirst ? await claimRun(place, run) : undefined
  try {
    // Once more: another process may have had the claim until now, and saved something.
    if (isFirst && place.isNew) requireNewPlace(place, run.startsOver)
    if (isFirst && run.startsOver) clearUnfinished(place.folder, 'of all')
    return await claimedRun(run, place, claim, reading)
  } finally {
    await claim?.release()
  }
}

interface Reading {
  /** The data set as threads read it. */
  readonly read: VideoDataset
  readonly threads: number
}

/** @param claim of several ranks the first has it */
async function claimedRun(
  run: ResolvedTrainRun,
  place: RunPlace,
  claim: RunClaim | undefined,
  { read, threads }: Reading,
): Promise<RunResult> {
  const { config } = run
  const { rank, size: ranks } = run.ranks ?? { rank: 0, size: 1 }
  // Before a checkpoint is read: there may be too few videos.
  const batches = batchSource(read, config, { rank, ranks })
  // So many ahead that every thread has something to read while a step is computed.
  const ahead = readAhead(batches, Math.ceil(threads / config.batch_size), lastStep(config))
  const parts = await runParts(run, place)
  const { trainer } = parts
  let output: RunOutput | undefined
  let outcome: 'finished' | 'failed' = 'failed'
  try {
    if (claim) output = runOutput(run, parts, claim)
    output?.begin()
    await trainingLoop(loopSetup(run, parts, output, ahead))
    await output?.settle()
    outcome = 'finished'
    const { step } = trainer
    const isLast = step >= lastStep(config)
    return { runId: place.runId, folder: place.folder, step, isLast, saved: output?.saved }
  } finally {
    trainer.dispose()
    await output?.close(outcome)
  }
}

/** -1 stands for one less than there are cores, so that one is left to compute. */
function readingThreads({ num_workers: threads }: ResolvedTrainConfig): number {
  const cores = threadsAsked() ?? availableParallelism()
  return threads === -1 ? Math.max(1, cores - 1) : threads
}
