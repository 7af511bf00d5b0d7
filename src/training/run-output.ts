import { existsSync } from 'node:fs'
import path from 'node:path'
import { LostWork } from '../errors.js'
import { requireFolder } from '../files/make-folder.js'
import { passingFailureOf } from '../files/passing-failure.js'
import { syncToDisk } from '../files/sync-to-disk.js'
import { closeTrackers } from '../tracking/close-trackers.js'
import { jsonLines } from '../tracking/json-lines.js'
import type { Tracker } from '../tracking/tracker.js'
import { badStepFile } from './bad-steps/bad-step-file.js'
import type { BadStep } from './bad-steps/bad-step-report.js'
import type { Saved } from './checkpoints/save-checkpoint.js'
import type { RunClaim } from './claim-run.js'
import type { LoopProgress } from './loop.js'
import type { DiskNews } from './outages/disk-news.js'
import { heldPlaces } from './outages/held-places.js'
import { heldTracker } from './outages/held-tracker.js'
import { heldWrites } from './outages/held-writes.js'
import { outage } from './outages/outage.js'
import type { SaveTry } from './outages/patient-save.js'
import { SAVE_PATIENCE } from './outages/save-patience.js'
import { tryAgain } from './outages/try-again.js'
import { previewMedia } from './previews/preview-films.js'
import { samplePreview, type Preview } from './previews/sample-preview.js'
import type { RunParts } from './run-parts.js'
import { runSaves } from './run-saves.js'
import type { ResolvedTrainRun } from './train-run.js'

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

/**
 * Makes the run's folder; goes on with the files of a resumed one. What a disk does not take while the run goes
 * on is told, kept, and tried again.
 * @throws UserError if they cannot be read or written when it begins, or for what waiting does not change.
 */
export function runOutput(run: ResolvedTrainRun, parts: RunParts, claim: RunClaim): RunOutput {
  const { signal, now = () => performance.now() } = run
  const { start, trainer, badSteps } = parts
  requireFolder(start.folder)
  const tell = (news: DiskNews) => run.onDisk?.(news)
  const patience = { ...SAVE_PATIENCE, ...run.savePatience }
  const saves = runSaves(run, parts, claim, { patience, now, tell, signal })
  const places = heldPlaces({ now, tell })
  const held = (what: string, tracker: Tracker) =>
    heldTracker(tracker, places.open(what), () => claim.requireHeld())
  // First: none of the others gets a line of a run that another process has taken over.
  const guard: Tracker = { log: () => void passingFailureOf(() => claim.requireHeld()) }
  const log = jsonLines(start.logFile, start.isNew ? -1 : start.lastLine, start.runId)
  const trackers = [guard, held('the log', log), ...(run.trackers ?? [])]
  const writeBadStep = badStepFile(path.join(start.folder, 'bad-steps.jsonl'), start.step)
  const badStepPlace = places.open('the list of bad steps')
  const logNotes = outage('the log', tell)
  const previews = heldWrites({ what: 'the preview', now, tell })
  return {
    trackers,
    get saved() {
      return saves.saved
    },
    begin() {
      run.onStart?.(start)
      const more = run.openTrackers?.(start) ?? []
      // Before anything is written: they are closed whatever comes of it.
      trackers.push(...more.map((tracker) => held("a tracker's record", tracker)))
      // A disk that takes nothing now is known before anything is computed.
      const first = [guard, log, ...(run.trackers ?? []), ...more]
      const { isNew, step, numParameters } = start
      if (isNew) for (const tracker of first) tracker.log(step, { num_parameters: numParameters })
      // A process that is killed when it has saved a set may not come to this.
      if (!isNew && parts.isSettled) saves.removeOld()
    },
    noteBadStep(bad) {
      passingFailureOf(() => claim.requireHeld())
      badStepPlace.add(JSON.stringify(bad).length, () => {
        claim.requireHeld()
        writeBadStep(bad)
      })
      run.onBadStep?.(bad)
    },
    async save(progress, asked) {
      // The lines that the set comes after: a run that goes on from it does not write them again.
      const logFailure = failureOf(() => places.flush()) ?? syncLog(start.logFile)
      const wait = await saves.save(progress, asked)
      if (wait > 0) return wait
      // It must not keep the set from being written.
      if (logFailure !== undefined) logNotes.failed(logFailure)
      else logNotes.worked()
      await previews.flushAwaited()
      // What bad steps came from may be ruined: older sets are what there is to go back to.
      if (badSteps.counts().inARow === 0) saves.removeOld()
      return 0
    },
    async sample() {
      const preview = await runPreview(run, parts)
      if (!preview) return false
      const { step } = trainer
      await previews.addAwaited(preview.pixels.length, () => run.onSample?.(preview, step))
      for (const [name, media] of previewMedia(preview))
        for (const tracker of trackers) tracker.media?.(step, name, media)
      return true
    },
    async settle() {
      const waits = signal?.aborted ? patience.whenStopped : patience.atEnd
      const flushAll = async () => places.flush() ?? (await previews.flushAwaited()) ?? syncLog(start.logFile)
      const failure = await tryAgain(flushAll, { waits, signal })
      if (failure) throw new LostWork(failure.message, { cause: failure })
      logNotes.worked()
    },
    async close(outcome) {
      if (outcome === 'failed') {
        failureOf(() => places.flush())
        await previews.flushAwaited().catch(() => undefined)
      }
      await closeTrackers(trackers, outcome)
    },
  }
}

/** Samples with the first average, if the run has any; undefined if a signal came meanwhile. */
function runPreview(
  { config, dataset, signal, onSampleStep }: ResolvedTrainRun,
  { trainer, diffusion }: RunParts,
): Promise<Preview | undefined> {
  return samplePreview({
    parameters: trainer.state.ema[0] ?? trainer.state.params,
    ...{ config, diffusion, dataset, signal },
    onStep: (done, total) => onSampleStep?.(trainer.step, done, total),
  })
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
