import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { requireConfig } from '../config/option.js'
import { emaRates, resumeSource, trainOptions } from '../config/training.js'
import type { VideoDataset } from '../data/dataset.js'
import { readInThreads } from '../data/read-in-threads.js'
import { requireDataset } from '../data/require-dataset.js'
import { createDiffusion } from '../diffusion/gaussian-diffusion.js'
import { UserError } from '../errors.js'
import { expectObject } from '../expect.js'
import { clearUnfinished } from '../files/unfinished-files.js'
import { parameterCount } from '../model/parameters.js'
import { rankFailure, stopWatchingRanks, waitForRanks, watchRanks } from '../runtime/rank-group.js'
import { threadsAsked } from '../threads-asked.js'
import { runningMeans } from '../tracking/running-means.js'
import { badSteps } from './bad-steps/bad-steps.js'
import { checkFinite, notFinite } from './bad-steps/check-finite.js'
import { batchSource } from './batches/batch-source.js'
import { batchVideos } from './batches/batch-videos.js'
import { checkSameVideos } from './batches/check-same-videos.js'
import { readAhead } from './batches/read-ahead.js'
import { requireSameVideos, videoList, type VideoList } from './batches/video-list.js'
import { startingPoint, type StartingPoint } from './checkpoints/resume.js'
import type { ResolvedTrainConfig } from './checkpoints/save-checkpoint.js'
import { requireSchedule } from './require-schedule.js'
import { saveOnFirstRank } from './checkpoints/save-on-first-rank.js'
import { shareStart } from './checkpoints/share-start.js'
import { claimRun, type RunClaim } from './claim-run.js'
import { trainingLoop } from './loop.js'
import { runOutput, type RunOutput } from './run-output.js'
import { requireNewPlace, requireOwnLog, runPlace, type RunPlace } from './run-place.js'
import { checkSameParameters } from './step/check-same-parameters.js'
import { lastStep } from './step/learning-rate.js'
import { disposeState } from './step/state.js'
import { timestepSampler } from './step/timestep-sampler.js'
import { trainedNetwork } from './step/trained-network.js'
import { createTrainer } from './step/trainer.js'
import type { ResolvedTrainRun, RunResult, TrainRun } from './train-run.js'

/**
 * Trains a model from fresh weights or a checkpoint, as the configuration says. The runtime must have been
 * started. Writes below `<root>/<run id>/`; reports through callbacks.
 * @throws UserError for options, data or files that do not work.
 */
export async function train(asked: TrainRun): Promise<RunResult> {
  expectObject('train takes a run with config, dataset and newRunId', asked, {})
  requireDataset('train', asked.dataset)
  const run = { ...asked, config: withDatasetShape(asked) }
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
  const { config, root = 'checkpoints', ranks } = run
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
  const { config, dataset, root = 'checkpoints', ranks } = run
  const { rank, size } = ranks ?? { rank: 0, size: 1 }
  const diffusion = createDiffusion(config)
  const batches = batchSource(read, config, { rank, ranks: size })
  const start = await commonStart(run, root)
  const { host } = start
  const videos = videoList(dataset)
  const changedData = await checkStart(run, place, start, videos).catch((error: unknown) => {
    disposeState(start.state)
    throw error
  })
  const sampler = timestepSampler(config.schedule_sampler, diffusion.numTimesteps, host?.timesteps)
  const bad = badSteps(config.max_bad_steps, host?.badSteps)
  const started = {
    ...place,
    startsOver: place.isNew && run.startsOver === true && existsSync(place.logFile),
    step: start.step,
    lastLine: host?.lastLine ?? start.step,
    checkpoint: start.checkpoint,
    anew: start.anew,
    changedData,
    commonBatch: { before: host?.commonBatch, now: size * config.batch_size },
    numParameters: parameterCount(config),
  }
  const trainer = createTrainer({
    config,
    network: trainedNetwork(config),
    diffusion,
    emaRates: emaRates(config),
    timestepSampler: sampler,
    state: start.state,
    step: start.step,
    optimizerStep: start.optimizerStep,
    ranks,
  })
  let output: RunOutput | undefined
  let outcome: 'finished' | 'failed' = 'failed'
  try {
    const isSettled = (host?.badSteps?.inARow ?? 0) === 0
    const parts = { trainer, diffusion, sampler, badSteps: bad, isSettled, videos }
    if (claim) output = runOutput(run, started, { ...parts, claim })
    output?.begin()
    await trainingLoop({
      config,
      trainer,
      // So many ahead that every thread has something to read while a step is computed.
      batches: readAhead(batches, Math.ceil(threads / config.batch_size), lastStep(config)),
      videosOf: batchVideos(dataset, config, size),
      numTimesteps: diffusion.numTimesteps,
      batchSize: started.commonBatch.now,
      means: runningMeans(host?.means),
      badSteps: bad,
      lastLine: started.lastLine,
      sampledAt: resumeSource(config) ? host?.sampledAt : 0,
      trackers: output?.trackers ?? [],
      now: run.now ?? (() => performance.now()),
      measure: run.measure,
      signal: run.signal,
      onStep: run.onStep,
      onBadStep: output?.noteBadStep,
      withOthers: ranks !== undefined,
      save: async (progress, asked) => {
        if (ranks) await checkSameParameters(ranks, trainer.state.params, trainer.step)
        await checkFinite(trainer.state, emaRates(config), trainer.step)
        const save = async () => (await output?.save(progress, asked)) ?? 0
        return ranks ? saveOnFirstRank(ranks, trainer.step, save) : save()
      },
      sample:
        run.onSample &&
        (async () => {
          const isDone = output ? await output.sample() : true
          if (ranks) await waitForRanks(ranks)
          return isDone
        }),
    })
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

/** Where this process starts: with other ranks, where the first of them does. Watches them from then on. */
async function commonStart({ config, ranks }: ResolvedTrainRun, root: string): Promise<StartingPoint> {
  if (!ranks) return startingPoint(config, root)
  const start = await shareStart(ranks, ranks.rank === 0 ? startingPoint(config, root) : undefined, config)
  watchRanks(ranks)
  return start
}

/**
 * Makes sure that what a run starts from is worth it.
 * @returns what is different about the videos of a resumed run, in words, where that is allowed
 */
async function checkStart(
  { config, ranks }: ResolvedTrainRun,
  { isNew }: RunPlace,
  { host, checkpoint, state, step }: StartingPoint,
  videos: VideoList | undefined,
): Promise<string | undefined> {
  if (ranks) await checkSameVideos(ranks, videos)
  const changed = isNew ? undefined : requireSameVideos(host?.videos, videos, config.allow_changed_data)
  const fault = checkpoint === undefined ? undefined : await notFinite(state, emaRates(config))
  if (fault !== undefined)
    throw new UserError(
      `${checkpoint}: ${fault}, there or in a file beside it: training had diverged before it was saved; ` +
        `move the files of step ${step} away to resume from those before`,
    )
  return changed
}

/** -1 stands for one less than there are cores, so that one is left to compute. */
function readingThreads({ num_workers: threads }: ResolvedTrainConfig): number {
  const cores = threadsAsked() ?? availableParallelism()
  return threads === -1 ? Math.max(1, cores - 1) : threads
}
