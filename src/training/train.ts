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
import type { Metrics, Tracker } from '../tracking/tracker.js'
import { badStepFile } from './bad-step-file.js'
import type { BadStep } from './bad-step-report.js'
import { badSteps } from './bad-steps.js'
import { batchSource } from './batch-source.js'
import { keepNewest } from './keep-newest.js'
import { lastStep } from './learning-rate.js'
import { trainingLoop, type LoopProgress } from './loop.js'
import { previewMedia } from './preview-films.js'
import { readAhead } from './read-ahead.js'
import { startingPoint, type Anew } from './resume.js'
import { checkSameParameters } from './same-parameters.js'
import { samplePreview, type Preview } from './sample-preview.js'
import { saveCheckpoint, type ResolvedTrainConfig, type Saved } from './save-checkpoint.js'
import { shareStart } from './share-start.js'
import { timestepSampler } from './timestep-sampler.js'
import { trainedNetwork } from './trained-network.js'
import { createTrainer } from './trainer.js'
import { requireSameVideos, videoList } from './video-list.js'

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
  /** Numbers of the moment, such as `heldMemory`, that each line of the log gets. */
  readonly measure?: () => Metrics
  readonly signal?: AbortSignal
  /** Those that train together, each with `batch_size` videos; rank 0 alone writes and reports. */
  readonly ranks?: RankGroup | undefined
  /** Told every `log_interval` steps; the run's `log.jsonl` is written besides. */
  readonly trackers?: readonly Tracker[]
  /** Opens more of them, those that have to know the run. */
  readonly openTrackers?: (start: RunStart) => readonly Tracker[]
  readonly onStart?: (start: RunStart) => void
  readonly onStep?: (step: number, total: number | undefined, loss: number) => void
  /** Told of each step that was skipped, and of the batch that made it bad. */
  readonly onBadStep?: (bad: BadStep) => void
  readonly onSave?: (saved: Saved, step: number) => void
  /** Called while videos are sampled, with the denoising steps done, from 0 on. */
  readonly onSampleStep?: (step: number, done: number, total: number) => void
  /** Without it no videos are sampled during training. */
  readonly onSample?: (preview: Preview, step: number) => void | Promise<void>
}

export interface RunStart {
  readonly runId: string
  /** Whether it is not one that is resumed. */
  readonly isNew: boolean
  readonly folder: string
  readonly logFile: string
  /** Updates done before. */
  readonly step: number
  /** Step of the last line of the log that it goes on from. */
  readonly lastLine: number
  /** The checkpoint it goes on from. */
  readonly checkpoint: string | undefined
  readonly anew: Anew
  /** What is different about the videos of a resumed run, in words. */
  readonly changedData: string | undefined
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
  const ownStart = () => startingPoint(config, root)
  const start = ranks ? await shareStart(ranks, isFirst ? ownStart() : undefined, config) : ownStart()
  if (ranks) watchRanks(ranks)
  const videos = videoList(dataset)
  const changedData = isNew
    ? undefined
    : requireSameVideos(start.host?.videos, videos, config.allow_changed_data)
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
  let outcome: 'finished' | 'failed' = 'failed'
  const numParameters = parameterCount(config)
  const means = runningMeans(start.host?.means)
  const bad = badSteps(config.max_bad_steps, start.host?.badSteps)
  const noteBadStep = isFirst ? badStepFile(path.join(folder, 'bad-steps.jsonl'), start.step) : undefined
  let saved: Saved | undefined
  const write = ({ lastLine, means, sampledAt }: LoopProgress) => {
    const { step, optimizerStep, state } = trainer
    const host = {
      step,
      lastLine,
      timesteps: sampler.state(),
      means,
      badSteps: bad.counts(),
      ...(sampledAt === undefined ? {} : { sampledAt }),
      ...(videos && { videos }),
    }
    saved = saveCheckpoint(folder, config, rates, { ...state, optimizerStep }, host)
    run.onSave?.(saved, step)
    keepNewest(folder, config.keep, rates)
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
    if (!preview) return false
    await run.onSample?.(preview, trainer.step)
    for (const [name, media] of previewMedia(preview))
      for (const tracker of sinks) tracker.media?.(trainer.step, name, media)
    return true
  }
  try {
    const started = {
      runId,
      isNew,
      folder,
      logFile,
      step: start.step,
      lastLine,
      checkpoint: start.checkpoint,
      anew: start.anew,
      changedData,
      numParameters,
    }
    if (isFirst) {
      run.onStart?.(started)
      sinks.push(...(run.openTrackers?.(started) ?? []))
    }
    if (isNew) for (const tracker of sinks) tracker.log(start.step, { num_parameters: numParameters })
    await trainingLoop({
      config,
      trainer,
      batches: readAhead(batches, stepsAhead(workers, config), lastStep(config)),
      numTimesteps: diffusion.numTimesteps,
      means,
      badSteps: bad,
      lastLine,
      sampledAt: source ? start.host?.sampledAt : 0,
      trackers: sinks,
      now: run.now,
      measure: run.measure,
      signal: run.signal,
      onStep: run.onStep,
      onBadStep: (badStep) => {
        noteBadStep?.(badStep)
        run.onBadStep?.(badStep)
      },
      withOthers: ranks !== undefined,
      save: async (progress) => {
        if (ranks) await checkSameParameters(ranks, trainer.state.params, trainer.step)
        if (isFirst) write(progress)
        if (ranks) await waitForRanks(ranks)
      },
      sample:
        run.onSample &&
        (async () => {
          const isDone = isFirst ? await sample() : true
          if (ranks) await waitForRanks(ranks)
          return isDone
        }),
    })
    outcome = 'finished'
    return { runId, folder, step: trainer.step, saved }
  } finally {
    await reading.close()
    trainer.dispose()
    for (const tracker of sinks) await tracker.close?.(outcome)
  }
}

/** So many that every thread has something to read while a step is computed. */
function stepsAhead(workers: number, { batch_size: batchSize }: ResolvedTrainConfig): number {
  return Math.ceil(workers / batchSize)
}
