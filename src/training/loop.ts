import { setImmediate } from 'node:timers/promises'
import type { TrainingConfig } from '../config/training.js'
import { addLosses } from '../tracking/loss-metrics.js'
import type { RunningMeans, RunningMeansState } from '../tracking/running-means.js'
import type { Metrics, Tracker } from '../tracking/tracker.js'
import { badStepOf, type BadStep } from './bad-steps/bad-step-report.js'
import { TrainingDiverged, type BadSteps } from './bad-steps/bad-steps.js'
import type { Batch } from './batches/batch.js'
import type { ItemSource } from './batches/item.js'
import { dueSaves } from './outages/due-saves.js'
import type { SaveTry } from './outages/patient-save.js'
import { dueSamples } from './previews/due-samples.js'
import { lastStep } from './step/learning-rate.js'
import type { Trainer } from './step/trainer.js'

export interface LoopSetup {
  readonly config: Pick<
    TrainingConfig,
    'max_steps' | 'lr_anneal_steps' | 'log_interval' | 'save_interval' | 'sample_interval'
  >
  readonly trainer: Trainer
  /** Whether others take part, with whom it has to be agreed when to stop. */
  readonly withOthers?: boolean | undefined
  /** Called with each step in turn. */
  readonly batches: (step: number) => Promise<readonly Batch[]>
  /** Where the videos of a step's batch come from, for the report of a bad one. */
  readonly videosOf: (step: number) => readonly ItemSource[]
  readonly numTimesteps: number
  /** Videos of all ranks in a batch. */
  readonly batchSize: number
  readonly means: RunningMeans
  readonly badSteps: BadSteps
  readonly trackers: readonly Tracker[]
  /** Step of the line of the log that the means come after. */
  readonly lastLine: number
  /** Milliseconds since some moment. */
  readonly now: () => number
  /** Ends the run after the step under way, which is saved. */
  readonly signal?: AbortSignal | undefined
  /**
   * Called after each step with the number of steps done, the last one if the run has one, and the mean of the
   * videos' losses as they are, where the log's weights them.
   */
  readonly onStep?: ((step: number, total: number | undefined, loss: number) => void) | undefined
  /** Told of each step that was skipped. */
  readonly onBadStep?: ((bad: BadStep) => void) | undefined
  /**
   * Writes a checkpoint of the trainer's state.
   * @returns after how many more steps it is to be called again, if a disk does not take it now; 0 when it is saved,
   * as it is in the end
   */
  readonly save: (progress: LoopProgress, asked: SaveTry) => Promise<number>
  /** Numbers of the moment, such as the memory held, that each line of the log gets. */
  readonly measure?: (() => Metrics) | undefined
  /** Samples videos with the trainer's state; says whether it came to an end. */
  readonly sample?: (() => Promise<boolean>) | undefined
  /** The step after which videos were sampled last, where that is known. */
  readonly sampledAt?: number | undefined
}

/** Where the loop is, besides the step: what a resumed one needs. */
export interface LoopProgress {
  /** Step of the last line of the log. */
  readonly lastLine: number
  /** The numbers that came after it. */
  readonly means: RunningMeansState
  readonly sampledAt: number | undefined
}

/**
 * Trains until the last step or until the signal, saving now and then and at the end; never a state that
 * is saved already. Where a save has to wait it trains on. Numbers that no line of the log has when it ends get a
 * line of their own, which the next whole one replaces if the run is resumed.
 * @throws UserError from data, training or saving; what was done until then is saved, if that is possible,
 * unless training diverged: then the last checkpoint is what to go on from.
 */
export async function trainingLoop(setup: LoopSetup): Promise<void> {
  const { config, trainer, batchSize, means, badSteps, now, signal } = setup
  const end = lastStep(config)
  const total = Number.isFinite(end) ? end : undefined
  let { lastLine } = setup
  /** Those that a line of the log should have got and did not. */
  let unlogged: RunningMeansState | undefined
  const samples = dueSamples({ ...setup, interval: config.sample_interval })
  const progress = (): LoopProgress => {
    return { lastLine, means: unlogged ?? means.state(), sampledAt: samples.sampledAt }
  }
  const saves = dueSaves((asked) => setup.save(progress(), asked), now)
  const log = (numbers: Metrics) => {
    const { total: skipped } = badSteps.counts()
    const line = {
      samples: trainer.step * batchSize,
      ...numbers,
      ...(skipped > 0 && { skipped_steps: skipped }),
      ...setup.measure?.(),
    }
    for (const tracker of setup.trackers) tracker.log(trainer.step, line)
  }
  // Ranks stop where all of them have agreed to, after the same step.
  let agreed = setup.withOthers ? false : undefined
  const isStopped = () => agreed ?? signal?.aborted ?? false
  const oneStep = async () => {
    const asked = now()
    saves.begin(trainer.step, asked)
    const batch = await setup.batches(trainer.step)
    const started = now()
    const report = await trainer.update(batch, signal?.aborted)
    agreed = report.stop
    saves.changed()
    const { step } = trainer
    const losses = Array.from(report.losses.loss ?? [])
    if (report.fault === undefined) {
      badSteps.good()
      addLosses(means, report.losses, report.draw, setup.numTimesteps)
      means.add('grad_norm', report.gradNorm)
    } else {
      const bad = badStepOf(step, report, setup.videosOf(step - 1))
      setup.onBadStep?.(bad)
      badSteps.bad(bad)
    }
    const ended = now()
    means.add('timing/step_time', (ended - started) / 1000)
    if (ended > asked) means.add('timing/data_wait_share', (started - asked) / (ended - asked))
    setup.onStep?.(step, total, losses.reduce((sum, loss) => sum + loss, 0) / batchSize)
    if (step % config.log_interval === 0) {
      unlogged = means.state()
      log(means.take())
      unlogged = undefined
      lastLine = step
    }
    if (step % config.save_interval === 0) saves.ask()
    // What bad steps came from may be ruined already: it must not take the place of what was saved before.
    if (report.fault === undefined) await saves.onTheWay(step)
    await samples.after(step)
    // Computing blocks the process; signals get through only here.
    await setImmediate()
  }
  try {
    // A run that was killed while it sampled has its samples to make up for.
    if (samples.sampledAt !== undefined && !isStopped()) await samples.after(trainer.step)
    while (trainer.step < end && !isStopped()) await oneStep()
  } catch (error) {
    // Ranks of which one is lost cannot agree that what they have is the same.
    const canSave = error !== saves.failure && !setup.withOthers && !(error instanceof TrainingDiverged)
    if (canSave) await saveIfPossible(() => saves.last(trainer.step, 'when stopped'))
    throw error
  }
  await saves.last(trainer.step, isStopped() ? 'when stopped' : 'at the end')
  const left = means.take()
  // Even if no step was done: resuming took the line of these numbers from the log.
  if (Object.keys(left).length > 0) log(left)
}

/** What stopped the run is the news, not that it could not be saved either. */
async function saveIfPossible(save: () => Promise<void>): Promise<void> {
  try {
    await save()
  } catch {
    // The last checkpoint is still whole.
  }
}
