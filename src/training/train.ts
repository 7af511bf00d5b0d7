import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { emaRates, resumeSource } from '../config/training.js'
import type { VideoDataset } from '../data/dataset.js'
import { readInThreads } from '../data/read-in-threads.js'
import { createDiffusion } from '../diffusion/gaussian-diffusion.js'
import { UserError } from '../errors.js'
import { requireFolder } from '../make-folder.js'
import { parameterCount } from '../model/parameters.js'
import {
  rankFailure,
  stopWatchingRanks,
  waitForRanks,
  watchRanks,
  type RankGroup,
} from '../runtime/rank-group.js'
import { jsonLines } from '../tracking/json-lines.js'
import { runningMeans } from '../tracking/running-means.js'
import type { Tracker } from '../tracking/tracker.js'
import { batchSource } from './batch-source.js'
import { lastStep } from './learning-rate.js'
import { trainingLoop } from './loop.js'
import { readAhead } from './read-ahead.js'
import { startingPoint, type Anew } from './resume.js'
import { checkSameParameters } from './same-parameters.js'
import { samplePreview, type Preview } from './sample-preview.js'
import { saveCheckpoint, type ResolvedTrainConfig, type Saved } from './save-checkpoint.js'
import { shareStart } from './share-start.js'
import { timestepSampler } from './timestep-sampler.js'
import { trainedNetwork } from './trained-network.js'
import { createTrainer } from './trainer.js'

export interface TrainRun {
  /** With the data set's `image_size` and `T` filled in. */
  readonly config: ResolvedTrainConfig
  /** The training split. */
  readonly dataset: VideoDataset
  /** The folder of a new run below `root`; a resumed run has its own name. */
  readonly newRunId: string
  /** The folder of all runs. */
  readonly root?: string
  readonly now: () => number
  readonly signal?: AbortSignal
  /** Those that train together, each with `batch_size` videos; rank 0 alone writes and reports. */
  readonly ranks?: RankGroup | undefined
  /** Told every `log_interval` steps; the run's `log.jsonl` is written besides. */
  readonly trackers?: readonly Tracker[]
  readonly onStart?: (start: RunStart) => void
  readonly onStep?: (step: number, total: number | undefined, loss: number) => void
  readonly onSave?: (saved: Saved, step: number) => void
  /** Called while videos are sampled, with the denoising steps done, from 0 on. */
  readonly onSampleStep?: (step: number, done: number, total: number) => void
  /** Without it no videos are sampled during training. */
  readonly onSample?: (preview: Preview, step: number) => void | Promise<void>
}

export interface RunStart {
  readonly runId: string
  readonly folder: string
  readonly logFile: string
  /** Updates done before. */
  readonly step: number
  /** The checkpoint it goes on from. */
  readonly checkpoint: string | undefined
  readonly anew: Anew
  readonly numParameters: number
}

export interface RunResult {
  readonly runId: string
  readonly folder: string
  readonly step: number
  /** The last files written by this call, if any were. */
  readonly saved: Saved | undefined
}

/**
 * Trains a model from fresh weights or a checkpoint, as the configuration says. The runtime must have been
 * started. Writes below `<root>/<run id>/`; reports through callbacks.
 * @throws UserError for options, data or files that do not work.
 */
export async function train(run: TrainRun): Promise<RunResult> {
  try {
    return await startedRun(run)
  } catch (error) {
    throw (run.ranks && rankFailure(run.ranks, error)) ?? error
  } finally {
    if (run.ranks) stopWatchingRanks()
  }
}

async function startedRun(run: TrainRun): Promise<RunResult> {
  const { config, dataset, root = 'checkpoints', trackers = [], ranks } = run
  const isFirst = ranks === undefined || ranks.rank === 0
  if (config.image_size !== dataset.imageSize)
    throw new UserError(
      `the frames of ${dataset.name} are ${dataset.imageSize} pixels wide, not ${config.image_size}`,
    )
  const source = resumeSource(config)
  const isNew = !source || !('runId' in source)
  const runId = isNew ? run.newRunId : source.runId
  const folder = path.join(root, runId)
  if (isFirst && isNew && existsSync(path.join(folder, 'log.jsonl')))
    throw new UserError(`${folder} is there already: resume it with --resume_id ${runId}`)
  const rates = emaRates(config)
  const diffusion = createDiffusion(config)
  const cores = Number(process.env.FDM_THREADS) || availableParallelism()
  const workers = config.num_workers === -1 ? Math.max(1, cores - 1) : config.num_workers
  const reading = readInThreads(dataset, workers)
  const batches = batchSource(reading.dataset, config, ranks && { rank: ranks.rank, ranks: ranks.size })
  const own = ranks?.rank === 0 ? startingPoint(config, root) : undefined
  const start = ranks ? await shareStart(ranks, own, config) : startingPoint(config, root)
  if (ranks) watchRanks(ranks)
  const sampler = timestepSampler(config.schedule_sampler, diffusion.numTimesteps, start.host?.timesteps)
  const trainer = createTrainer({
    config,
    network: trainedNetwork(config),
    diffusion,
    emaRates: rates,
    timestepSampler: sampler,
    state: start.state,
    step: start.step,
    optimizerStep: start.optimizerStep,
    ranks,
  })
  if (isFirst) requireFolder(folder)
  const logFile = path.join(config.log_dir || folder, 'log.jsonl')
  const lastLine = start.host?.lastLine ?? start.step
  const sinks = isFirst ? [jsonLines(logFile, lastLine), ...trackers] : []
  const numParameters = parameterCount(config)
  const means = runningMeans(start.host?.means)
  let saved: Saved | undefined
  const write = (lastLine: number) => {
    const { step, optimizerStep, state } = trainer
    const host = { step, lastLine, timesteps: sampler.state(), means: means.state() }
    saved = saveCheckpoint(folder, config, rates, { ...state, optimizerStep }, host)
    run.onSave?.(saved, step)
  }
  const sample = async () => {
    const preview = await samplePreview({
      parameters: trainer.state.ema[0] ?? trainer.state.params,
      config,
      diffusion,
      dataset,
      signal: run.signal,
      onStep: (done, total) => run.onSampleStep?.(trainer.step, done, total),
    })
    if (preview) await run.onSample?.(preview, trainer.step)
  }
  // What rank 0 does while the others wait.
  const firstRank = (work: () => unknown) => async () => {
    if (isFirst) await work()
    if (ranks) await waitForRanks(ranks)
  }
  try {
    if (isFirst)
      run.onStart?.({
        ...{ runId, folder, logFile, step: start.step, checkpoint: start.checkpoint },
        ...{ anew: start.anew, numParameters },
      })
    if (isNew) for (const tracker of sinks) tracker.log(start.step, { num_parameters: numParameters })
    await trainingLoop({
      config,
      trainer,
      batches: readAhead(batches, stepsAhead(workers, config), lastStep(config)),
      numTimesteps: diffusion.numTimesteps,
      means,
      lastLine,
      trackers: sinks,
      now: run.now,
      signal: run.signal,
      onStep: run.onStep,
      withOthers: ranks !== undefined,
      save: async (lastLine: number) => {
        if (ranks) await checkSameParameters(ranks, trainer.state.params, trainer.step)
        await firstRank(() => write(lastLine))()
      },
      sample: run.onSample && firstRank(sample),
    })
    return { runId, folder, step: trainer.step, saved }
  } finally {
    await reading.close()
    trainer.dispose()
    for (const tracker of sinks) tracker.close?.()
  }
}

/** So many that every thread has something to read while a step is computed. */
function stepsAhead(workers: number, { batch_size: batchSize }: ResolvedTrainConfig): number {
  return Math.ceil(workers / batchSize)
}
