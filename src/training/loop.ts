import { setImmediate } from 'node:timers/promises'
import type { TrainingConfig } from '../config/training.js'
import { addLosses } from '../tracking/loss-metrics.js'
import type { RunningMeans } from '../tracking/running-means.js'
import type { Metrics, Tracker } from '../tracking/tracker.js'
import type { Batch } from './batch.js'
import { lastStep } from './learning-rate.js'
import type { Trainer } from './trainer.js'

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
  readonly numTimesteps: number
  readonly means: RunningMeans
  readonly trackers: readonly Tracker[]
  /** Step of the line of the log that the means come after. */
  readonly lastLine: number
  /** Milliseconds since some moment. */
  readonly now: () => number
  /** Ends the run after the step under way, which is saved. */
  readonly signal?: AbortSignal | undefined
  /** Called after each step with the number of updates done and, if the run has one, its end. */
  readonly onStep?: ((step: number, total: number | undefined, loss: number) => void) | undefined
  /** Writes a checkpoint of the trainer's state and the means, which come after the line at `lastLine`; awaited. */
  readonly save: (lastLine: number) => unknown
  /** Samples videos with the trainer's state. */
  readonly sample?: (() => Promise<void>) | undefined
}

/** The first samples come early: a look at whether everything works. */
const FIRST_SAMPLES = 5

/**
 * Trains until the last step or until the signal, saving now and then and at the end; never a state that
 * is saved already. Numbers that no line of the log has when it ends get a line of their own, which the next
 * whole one replaces if the run is resumed.
 * @throws UserError from data, training or saving; the last checkpoint is then whole.
 */
export async function trainingLoop(setup: LoopSetup): Promise<void> {
  const { config, trainer, means, now, signal } = setup
  const end = lastStep(config)
  const total = Number.isFinite(end) ? end : undefined
  let saved = trainer.step
  let { lastLine } = setup
  let batchSize = 0
  let sampledAt: number | undefined
  const save = async () => {
    if (saved !== trainer.step) await setup.save(lastLine)
    saved = trainer.step
  }
  const log = (numbers: Metrics) => {
    const line = { samples: trainer.step * batchSize, ...numbers }
    for (const tracker of setup.trackers) tracker.log(trainer.step, line)
  }
  let stop = setup.withOthers ? false : undefined
  while (trainer.step < end && !(stop ?? signal?.aborted)) {
    const asked = now()
    const batch = await setup.batches(trainer.step)
    const started = now()
    const report = await trainer.update(batch, signal?.aborted)
    stop = report.stop
    const { step } = trainer
    addLosses(means, report.losses, report.draw, setup.numTimesteps)
    means.add('grad_norm', report.gradNorm)
    const ended = now()
    means.add('timing/step_time', (ended - started) / 1000)
    if (ended > asked) means.add('timing/data_wait_share', (started - asked) / (ended - asked))
    const losses = Array.from(report.losses.loss ?? [])
    batchSize = losses.length
    setup.onStep?.(step, total, losses.reduce((sum, loss) => sum + loss, 0) / batchSize)
    if (step % config.log_interval === 0) {
      log(means.take())
      lastLine = step
    }
    if (step % config.save_interval === 0) await save()
    if (setup.sample && (step % config.sample_interval === 0 || step === FIRST_SAMPLES)) {
      const start = now()
      if (sampledAt !== undefined) means.add('timing/time_between_samples', (start - sampledAt) / 1000)
      await setup.sample()
      sampledAt = now()
      means.add('timing/sampling_time', (sampledAt - start) / 1000)
    }
    // Computing blocks the process; signals get through only here.
    await setImmediate()
  }
  await save()
  const left = means.take()
  if (batchSize > 0 && Object.keys(left).length > 0) log(left)
}
