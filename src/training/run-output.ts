import { existsSync } from 'node:fs'
import path from 'node:path'
import { emaRates } from '../config/training.js'
import type { GaussianDiffusion } from '../diffusion/gaussian-diffusion.js'
import { requireFolder } from '../files/make-folder.js'
import { syncToDisk } from '../files/sync-to-disk.js'
import { jsonLines } from '../tracking/json-lines.js'
import type { Tracker } from '../tracking/tracker.js'
import { badStepFile } from './bad-step-file.js'
import type { BadStep } from './bad-step-report.js'
import type { BadSteps } from './bad-steps.js'
import { keepNewest } from './keep-newest.js'
import type { RunClaim } from './claim-run.js'
import type { LoopProgress } from './loop.js'
import { previewMedia } from './preview-films.js'
import { samplePreview } from './sample-preview.js'
import { saveCheckpoint, type Saved } from './save-checkpoint.js'
import type { TimestepSampler } from './timestep-sampler.js'
import type { ResolvedTrainRun, RunStart } from './train-run.js'
import type { Trainer } from './trainer.js'
import type { VideoList } from './video-list.js'

/** What a run writes and reports: of several ranks only the first has one. */
export interface RunOutput {
  /** Those that are there when the loop begins get its numbers. */
  readonly trackers: readonly Tracker[]
  /** The last files written, if any were. */
  readonly saved: Saved | undefined
  /** Reports the start and opens what has to know it. */
  readonly begin: () => void
  readonly noteBadStep: (bad: BadStep) => void
  readonly save: (progress: LoopProgress) => void
  /** Samples videos; says whether that came to an end. */
  readonly sample: () => Promise<boolean>
  readonly close: (outcome: 'finished' | 'failed') => Promise<void>
}

/** The state that is saved, and what it is sampled with. */
export interface RunParts {
  readonly trainer: Trainer
  readonly diffusion: GaussianDiffusion
  readonly sampler: TimestepSampler
  readonly badSteps: BadSteps
  /** Whether the set that a run goes on from was saved after a good step. */
  readonly isSettled: boolean
  readonly videos: VideoList | undefined
  readonly claim: RunClaim
}

/**
 * Makes the run's folder; goes on with the files of a resumed one.
 * @throws UserError if they cannot be read or written, then or later.
 */
export function runOutput(
  run: ResolvedTrainRun,
  start: RunStart,
  { trainer, diffusion, sampler, badSteps, isSettled, videos, claim }: RunParts,
): RunOutput {
  const { config } = run
  const { folder, logFile, lastLine, isNew, numParameters, commonBatch } = start
  requireFolder(folder)
  const rates = emaRates(config)
  // First: none of the others gets a line of a run that another process has taken over.
  const guard: Tracker = { log: () => claim.requireHeld() }
  const trackers = [guard, jsonLines(logFile, isNew ? -1 : lastLine, start.runId), ...(run.trackers ?? [])]
  const writeBadStep = badStepFile(path.join(folder, 'bad-steps.jsonl'), start.step)
  let saved: Saved | undefined
  return {
    trackers,
    get saved() {
      return saved
    },
    begin() {
      run.onStart?.(start)
      trackers.push(...(run.openTrackers?.(start) ?? []))
      if (isNew) for (const tracker of trackers) tracker.log(start.step, { num_parameters: numParameters })
      // A process that is killed when it has saved a set may not come to this.
      if (!isNew && isSettled) keepNewest(folder, config.keep, rates)
    },
    noteBadStep(bad) {
      claim.requireHeld()
      writeBadStep(bad)
      run.onBadStep?.(bad)
    },
    save({ lastLine, means, sampledAt }) {
      claim.requireHeld()
      const { step, optimizerStep, state } = trainer
      const counts = badSteps.counts()
      const logFailure = syncLog(logFile)
      saved = saveCheckpoint(
        folder,
        config,
        rates,
        { ...state, optimizerStep },
        {
          step,
          lastLine,
          timesteps: sampler.state(),
          means,
          badSteps: counts,
          commonBatch: commonBatch.now,
          ...(sampledAt === undefined ? {} : { sampledAt }),
          ...(videos && { videos }),
        },
      )
      run.onSave?.(saved, step)
      if (logFailure !== undefined) throw logFailure
      // What bad steps came from may be ruined: older sets are what there is to go back to.
      if (counts.inARow === 0) keepNewest(folder, config.keep, rates)
    },
    async sample() {
      const preview = await samplePreview({
        parameters: trainer.state.ema[0] ?? trainer.state.params,
        config,
        diffusion,
        dataset: run.dataset,
        signal: run.signal,
        onStep: (done, total) => run.onSampleStep?.(trainer.step, done, total),
      })
      if (!preview) return false
      await run.onSample?.(preview, trainer.step)
      for (const [name, media] of previewMedia(preview))
        for (const tracker of trackers) tracker.media?.(trainer.step, name, media)
      return true
    },
    async close(outcome) {
      for (const tracker of trackers) await tracker.close?.(outcome)
    },
  }
}

/**
 * Has the disk note the lines of a log that a set comes after: a run that goes on from it does not write them again.
 * @returns what went wrong, which must not keep the set from being written
 */
function syncLog(file: string): Error | undefined {
  try {
    if (existsSync(file)) syncToDisk(file)
    return undefined
  } catch (error) {
    return error as Error
  }
}
