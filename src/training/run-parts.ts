import { existsSync } from 'node:fs'
import { emaRates, resumeSource } from '../config/training.js'
import { createDiffusion, type GaussianDiffusion } from '../diffusion/gaussian-diffusion.js'
import { UserError } from '../errors.js'
import { parameterCount } from '../model/parameters.js'
import { watchRanks } from '../runtime/rank-group.js'
import { runningMeans, type RunningMeans } from '../tracking/running-means.js'
import { badSteps, type BadSteps } from './bad-steps/bad-steps.js'
import { notFinite } from './bad-steps/check-finite.js'
import { checkSameVideos } from './batches/check-same-videos.js'
import { requireSameVideos, videoList, type VideoList } from './batches/video-list.js'
import { startingPoint, type StartingPoint } from './checkpoints/resume.js'
import { shareStart } from './checkpoints/share-start.js'
import { RUNS_ROOT, type RunPlace } from './run-place.js'
import { disposeState } from './step/state.js'
import { timestepSampler, type TimestepSampler } from './step/timestep-sampler.js'
import { trainedNetwork } from './step/trained-network.js'
import { createTrainer, type Trainer } from './step/trainer.js'
import type { ResolvedTrainRun, RunStart } from './train-run.js'

/** What a run consists of where it starts: what it changes from then on, and what that needs. */
export interface RunParts {
  /** For those who are told. */
  readonly start: RunStart
  readonly trainer: Trainer
  readonly diffusion: GaussianDiffusion
  readonly sampler: TimestepSampler
  readonly badSteps: BadSteps
  /** The numbers since the last line of the log. */
  readonly means: RunningMeans
  /** Whether the set that a run goes on from was saved after a good step. */
  readonly isSettled: boolean
  /** The step after which videos were sampled last, where that is known. */
  readonly sampledAt: number | undefined
  readonly videos: VideoList | undefined
}

/**
 * Reads where a run starts, and makes sure that it is worth it. The caller disposes of the trainer.
 * @throws UserError for what does not fit the configuration, data or ranks; no tensor is left then.
 */
export async function runParts(run: ResolvedTrainRun, place: RunPlace): Promise<RunParts> {
  const { config, dataset, ranks } = run
  const from = await commonStart(run)
  try {
    const { host } = from
    const videos = videoList(dataset)
    const changedData = await checkStart(run, place, from, videos)
    const diffusion = createDiffusion(config)
    const sampler = timestepSampler(config.schedule_sampler, diffusion.numTimesteps, host?.timesteps)
    return {
      start: { ...runStart(run, place, from), changedData },
      trainer: createTrainer({
        ...{ config, diffusion, ranks, timestepSampler: sampler },
        network: trainedNetwork(config),
        emaRates: emaRates(config),
        state: from.state,
        step: from.step,
        optimizerStep: from.optimizerStep,
      }),
      diffusion,
      sampler,
      badSteps: badSteps(config.max_bad_steps, host?.badSteps),
      means: runningMeans(host?.means),
      isSettled: (host?.badSteps?.inARow ?? 0) === 0,
      sampledAt: resumeSource(config) ? host?.sampledAt : 0,
      videos,
    }
  } catch (error) {
    disposeState(from.state)
    throw error
  }
}

/** Where this process starts: with other ranks, where the first of them does. Watches them from then on. */
async function commonStart({ config, ranks, root = RUNS_ROOT }: ResolvedTrainRun): Promise<StartingPoint> {
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

function runStart(
  { config, ranks, startsOver }: ResolvedTrainRun,
  place: RunPlace,
  { step, host, checkpoint, anew }: StartingPoint,
): Omit<RunStart, 'changedData'> {
  return {
    ...place,
    startsOver: place.isNew && startsOver === true && existsSync(place.logFile),
    step,
    lastLine: host?.lastLine ?? step,
    checkpoint,
    anew,
    commonBatch: { before: host?.commonBatch, now: (ranks?.size ?? 1) * config.batch_size },
    numParameters: parameterCount(config),
  }
}
