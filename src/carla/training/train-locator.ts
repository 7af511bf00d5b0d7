import { setImmediate } from 'node:timers/promises'
import { counted } from '../../counted.js'
import { median } from '../../median.js'
import { hostRandom } from '../../random.js'
import { range } from '../../schemes/range.js'
import { TrainingDiverged } from '../../training/bad-steps/bad-steps.js'
import { firstNotFinite } from '../../training/bad-steps/check-finite.js'
import { epochOrder } from '../../training/batches/epoch-order.js'
import { dueSaves } from '../../training/outages/due-saves.js'
import type { SaveTry } from '../../training/outages/patient-save.js'
import { augmentFrame } from './augment-frame.js'
import type { LocatorProgress } from './locator-run-file.js'
import type { FrameScores, LocatorTrainer } from './locator-trainer.js'
import { NothingLearned } from './nothing-learned.js'
import type { PlacedDataset, PlacedFrames } from './placed-frames.js'

export interface LocatorTraining {
  readonly trainer: LocatorTrainer
  readonly train: PlacedDataset
  readonly test: PlacedDataset
  readonly progress: LocatorProgress
  readonly config: {
    readonly lr: number
    readonly lr_step: number
    readonly num_epochs: number
    readonly batch_size: number
    readonly save_interval: number
    readonly with_transforms: boolean
    readonly seed: number
  }
  /** Ends the run after the step under way, which is saved. */
  readonly signal?: AbortSignal | undefined
  /** @param scores of the step's frames */
  readonly onStep?: ((step: number, total: number, scores: FrameScores) => void) | undefined
  readonly onTest?: ((frames: number, total: number) => void) | undefined
  /** Called after each epoch; the state of a better one than all before is to be kept. */
  readonly onEpoch: (epoch: EpochReport, isBest: boolean) => void
  /**
   * Called every `save_interval` steps, and at the end of each epoch and of the run.
   * @returns after how many more steps it is to be called again, if a disk does not take it now; 0 when it is saved
   */
  readonly save: (progress: LocatorProgress, asked: SaveTry) => Promise<number>
  /** Milliseconds since some moment. */
  readonly now?: (() => number) | undefined
}

/** How an epoch went; epochs count from 0. */
export interface EpochReport {
  readonly epoch: number
  readonly train: { readonly loss: number; readonly quality: number }
  readonly test: { readonly loss: number; readonly quality: number; readonly median: number }
}

/**
 * Trains a network of `to-world-coords`: epochs of all training frames in a new order each, changed at random,
 * then a look at all test frames as they are. The learning rate falls to a tenth every `lr_step` epochs. All
 * that is random depends on the seed and the step alone, so that a run that goes on ends as if never stopped.
 * @returns whether all epochs are done: else it was told to stop
 * @throws UserError from data, training or saving; what was done until then is saved, if that is possible.
 * TrainingDiverged for a state that is not finite, which is not saved. NothingLearned after the last epoch if no test
 * loss of any was a finite number, so that no network was the best.
 */
export async function trainLocator(training: LocatorTraining): Promise<boolean> {
  const { trainer, train, config, signal, now = () => performance.now() } = training
  const order = epochOrder(train.count, config.batch_size, config.seed)
  const perEpoch = Math.floor(train.count / config.batch_size)
  const end = perEpoch * config.num_epochs
  let { tested, bestLoss, sums } = training.progress
  const saves = dueSaves(async (asked) => {
    await checkFinite(trainer)
    return training.save({ step: trainer.step, tested, bestLoss, sums }, asked)
  }, now)
  /** Tests if an epoch is done that is not tested. @returns false if it was told to stop meanwhile */
  const testIfDue = async () => {
    const { step } = trainer
    if (step <= tested * perEpoch || step % perEpoch !== 0) return true
    const test = await testNetwork(training)
    if (!test) return false
    const { frames } = sums
    const isBest = test.loss < bestLoss
    // Not the smaller of both: of a loss that is no number there would be none that is better.
    if (isBest) bestLoss = test.loss
    const report = { loss: sums.loss / frames, quality: sums.quality / frames }
    training.onEpoch({ epoch: tested, train: report, test }, isBest)
    tested++
    sums = { loss: 0, quality: 0, frames: 0 }
    saves.changed()
    saves.ask()
    if (step < end) await saves.onTheWay(step)
    return true
  }
  const oneStep = async () => {
    const { step } = trainer
    saves.begin(step, now())
    const lr = config.lr * 0.1 ** Math.floor(Math.floor(step / perEpoch) / config.lr_step)
    const read = train.read(order(step))
    const batch = config.with_transforms ? augmented(read, config.seed, step) : read
    const scores = await trainer.update(batch, lr, hostRandom(config.seed, 'left out', step).deviceSeed())
    sums = {
      loss: sums.loss + total(scores.loss),
      quality: sums.quality + total(scores.quality),
      frames: sums.frames + scores.loss.length,
    }
    saves.changed()
    training.onStep?.(trainer.step, end, scores)
    if (trainer.step % config.save_interval === 0) saves.ask()
    await saves.onTheWay(trainer.step)
    // Computing blocks the process; signals get through only here.
    await setImmediate()
  }
  let isDone = false
  try {
    while (!signal?.aborted && (await testIfDue()) && !(isDone = trainer.step >= end)) await oneStep()
  } catch (error) {
    // What went wrong is the news, not that it could not be saved either.
    if (error !== saves.failure && !(error instanceof TrainingDiverged))
      await saves.last(trainer.step, 'when stopped').catch(() => undefined)
    throw error
  }
  await saves.last(trainer.step, isDone ? 'at the end' : 'when stopped')
  if (isDone && bestLoss === Infinity)
    throw new NothingLearned(
      `training diverged: in ${counted(tested, 'epoch')} no test loss was a finite number, so that no network is ` +
        'saved; start again with a lower --lr',
    )
  return isDone
}

/** A step with a good loss can ruin the weights: they must not take the place of those that were saved before. */
async function checkFinite({ state, step }: LocatorTrainer): Promise<void> {
  for (const tensors of [state.parameters, ...state.moments, state.statistics]) {
    const name = await firstNotFinite(tensors)
    if (name !== undefined)
      throw new TrainingDiverged(
        `training diverged: after step ${step} numbers of ${name} are not finite: this step is not saved, what ` +
          'was saved before is as it was; start again with a lower --lr',
      )
  }
}

async function testNetwork({
  trainer,
  test,
  config,
  signal,
  onTest,
}: LocatorTraining): Promise<EpochReport['test'] | undefined> {
  const qualities: number[] = []
  let loss = 0
  while (qualities.length < test.count) {
    if (signal?.aborted) return undefined
    const first = qualities.length
    const size = Math.min(config.batch_size, test.count - first)
    const scores = await trainer.score(test.read(range(size).map((i) => first + i)))
    loss += total(scores.loss)
    qualities.push(...scores.quality)
    onTest?.(qualities.length, test.count)
    await setImmediate()
  }
  return { loss: loss / test.count, quality: total(qualities) / test.count, median: median(qualities) }
}

function augmented(batch: PlacedFrames, seed: number, step: number): PlacedFrames {
  const { height, width, pixels, cells } = batch
  const size = height * width * 3
  const changed = new Uint8Array(pixels.length)
  for (let i = 0; i < cells.length; i++) {
    const frame = pixels.subarray(i * size, (i + 1) * size)
    changed.set(augmentFrame(frame, { height, width }, hostRandom(seed, 'augment', step, i)), i * size)
  }
  return { ...batch, pixels: changed }
}

const total = (values: Iterable<number>) => Array.from(values).reduce((sum, value) => sum + value, 0)
