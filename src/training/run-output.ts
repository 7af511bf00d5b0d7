import { existsSync } from 'node:fs'
import path from 'node:path'
import { emaRates } from '../config/training.js'
import type { GaussianDiffusion } from '../diffusion/gaussian-diffusion.js'
import { LostWork } from '../errors.js'
import { requireFolder } from '../files/make-folder.js'
import { passingFailureOf } from '../files/passing-failure.js'
import { syncToDisk } from '../files/sync-to-disk.js'
import { closeTrackers } from '../tracking/close-trackers.js'
import { jsonLines } from '../tracking/json-lines.js'
import type { Tracker } from '../tracking/tracker.js'
import { badStepFile } from './bad-steps/bad-step-file.js'
import type { BadStep } from './bad-steps/bad-step-report.js'
import type { BadSteps } from './bad-steps/bad-steps.js'
import type { VideoList } from './batches/video-list.js'
import { keepNewest } from './checkpoints/keep-newest.js'
import { saveCheckpoint, type Saved } from './checkpoints/save-checkpoint.js'
import type { RunClaim } from './claim-run.js'
import type { LoopProgress } from './loop.js'
import type { DiskNews } from './outages/disk-news.js'
import { heldTracker } from './outages/held-tracker.js'
import { heldWrites, type HeldWrites } from './outages/held-writes.js'
import { outage } from './outages/outage.js'
import { patientSave, type SaveTry } from './outages/patient-save.js'
import { SAVE_PATIENCE } from './outages/save-patience.js'
import { tryAgain } from './outages/try-again.js'
import { previewMedia } from './previews/preview-films.js'
import { samplePreview } from './previews/sample-preview.js'
import type { TimestepSampler } from './step/timestep-sampler.js'
import type { Trainer } from './step/trainer.js'
import type { ResolvedTrainRun, RunStart } from './train-run.js'

/** What a run writes and reports: of several ranks only the first has one. */
export interface RunOutput {
  /** Those that are there when the loop begins get its numbers. */
  readonly trackers: readonly Tracker[]
  /** The last files written, if any were. */
  readonly saved: Saved | undefined
  /** Reports the start and opens what has to know it. */
  readonly begin: () => void
  readonly noteBadStep: (bad: BadStep) => void
  /** As the loop's. */
  readonly save: (progress: LoopProgress, asked: SaveTry) => Promise<number>
  /** Samples videos; says whether that came to an end. */
  readonly sample: () => Promise<boolean>
  /**
   * Writes what a disk did not take before.
   * @throws LostWork if it still does not take it, after some tries.
   */
  readonly settle: () => Promise<void>
  /** Closes all trackers. @throws what the first of them throws, unless the run has failed already */
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
 * Makes the run's folder; goes on with the files of a resumed one. What a disk does not take while the run goes
 * on is told, kept, and tried again.
 * @throws UserError if they cannot be read or written when it begins, or for what waiting does not change.
 */
export function runOutput(
  run: ResolvedTrainRun,
  start: RunStart,
  { trainer, diffusion, sampler, badSteps, isSettled, videos, claim }: RunParts,
): RunOutput {
  const { config, now = () => performance.now(), signal } = run
  const { folder, logFile, lastLine, isNew, numParameters, commonBatch } = start
  requireFolder(folder)
  const rates = emaRates(config)
  const tell = (news: DiskNews) => run.onDisk?.(news)
  const patience = { ...SAVE_PATIENCE, ...run.savePatience }
  const saving = patientSave({ patience, now, tell, signal })
  const places: HeldWrites[] = []
  const newPlace = (what: string) => {
    const place = heldWrites({ what, now, tell })
    places.push(place)
    return place
  }
  const held = (what: string, tracker: Tracker) =>
    heldTracker(tracker, newPlace(what), () => claim.requireHeld())
  // First: none of the others gets a line of a run that another process has taken over.
  const guard: Tracker = { log: () => void passingFailureOf(() => claim.requireHeld()) }
  const log = jsonLines(logFile, isNew ? -1 : lastLine, start.runId)
  const trackers = [guard, held('the log', log), ...(run.trackers ?? [])]
  const writeBadStep = badStepFile(path.join(folder, 'bad-steps.jsonl'), start.step)
  const badStepPlace = newPlace('the list of bad steps')
  const logNotes = outage('the log', tell)
  const previews = heldWrites({ what: 'the preview', now, tell })
  let saved: Saved | undefined
  const removeOld = () => {
    const failure = passingFailureOf(() => void keepNewest(folder, config.keep, rates))
    if (failure) tell({ kind: 'not removed', reason: failure.message })
  }
  const flush = () => places.map((place) => place.flush()).find((failure) => failure !== undefined)
  return {
    trackers,
    get saved() {
      return saved
    },
    begin() {
      run.onStart?.(start)
      const more = run.openTrackers?.(start) ?? []
      // Before anything is written: they are closed whatever comes of it.
      trackers.push(...more.map((tracker) => held("a tracker's record", tracker)))
      // A disk that takes nothing now is known before anything is computed.
      const first = [guard, log, ...(run.trackers ?? []), ...more]
      if (isNew) for (const tracker of first) tracker.log(start.step, { num_parameters: numParameters })
      // A process that is killed when it has saved a set may not come to this.
      if (!isNew && isSettled) removeOld()
    },
    noteBadStep(bad) {
      passingFailureOf(() => claim.requireHeld())
      badStepPlace.add(JSON.stringify(bad).length, () => {
        claim.requireHeld()
        writeBadStep(bad)
      })
      run.onBadStep?.(bad)
    },
    async save({ lastLine, means, sampledAt }, asked) {
      const { step, optimizerStep, state } = trainer
      const counts = badSteps.counts()
      // The lines that the set comes after: a run that goes on from it does not write them again.
      const logFailure = failureOf(flush) ?? syncLog(logFile)
      const write = () => {
        claim.requireHeld()
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
      }
      const wait = await saving(write, asked)
      if (wait > 0) return wait
      if (saved) run.onSave?.(saved, step)
      // It must not keep the set from being written.
      if (logFailure !== undefined) logNotes.failed(logFailure)
      else logNotes.worked()
      await previews.flushAwaited()
      // What bad steps came from may be ruined: older sets are what there is to go back to.
      if (counts.inARow === 0) removeOld()
      return 0
    },
    async sample() {
      const preview = await samplePreview({
        parameters: trainer.state.ema[0] ?? trainer.state.params,
        config,
        diffusion,
        dataset: run.dataset,
        signal,
        onStep: (done, total) => run.onSampleStep?.(trainer.step, done, total),
      })
      if (!preview) return false
      const { step } = trainer
      await previews.addAwaited(preview.pixels.length, () => run.onSample?.(preview, step))
      for (const [name, media] of previewMedia(preview))
        for (const tracker of trackers) tracker.media?.(step, name, media)
      return true
    },
    async settle() {
      const waits = signal?.aborted ? patience.whenStopped : patience.atEnd
      const failure = await tryAgain(
        async () => flush() ?? (await previews.flushAwaited()) ?? syncLog(logFile),
        {
          waits,
          signal,
        },
      )
      if (failure) throw new LostWork(failure.message, { cause: failure })
      logNotes.worked()
    },
    async close(outcome) {
      if (outcome === 'failed') {
        failureOf(flush)
        await previews.flushAwaited().catch(() => undefined)
      }
      await closeTrackers(trackers, outcome)
    },
  }
}

function failureOf(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
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
