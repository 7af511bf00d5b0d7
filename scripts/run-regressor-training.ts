import { existsSync } from 'node:fs'
import path from 'node:path'
import { residualBackbone } from '../src/carla/network/backbone.js'
import { efficientBackbone, EFFICIENTNET_B7 } from '../src/carla/network/efficient-backbone.js'
import { RESIDUAL_PLANS } from '../src/carla/network/residual-plan.js'
import { initialLocator } from '../src/carla/training/initial-locator.js'
import type { LocatorNetwork } from '../src/carla/training/locator-network.js'
import { locatorOutput } from '../src/carla/training/locator-output.js'
import {
  readRunFile,
  runFile,
  writeRunFile,
  zeroMoments,
  type LocatorProgress,
  type LocatorRunFile,
} from '../src/carla/training/locator-run-file.js'
import type { LocatorState } from '../src/carla/training/locator-step.js'
import { createLocatorTrainer, type LocatorTrainer } from '../src/carla/training/locator-trainer.js'
import { locatorStateDict, readLocatorWeights } from '../src/carla/training/locator-weights.js'
import { NothingLearned } from '../src/carla/training/nothing-learned.js'
import { OPTIMIZERS } from '../src/carla/training/optimizers.js'
import { openPlacedFrames } from '../src/carla/training/placed-frames.js'
import { trainLocator, type EpochReport, type LocatorTraining } from '../src/carla/training/train-locator.js'
import { asTyped, resolveConfig } from '../src/config/option.js'
import { regressorTrainingOptions, type RegressorTrainingConfig } from '../src/config/regressor-training.js'
import { requireRunId } from '../src/config/training.js'
import { counted } from '../src/counted.js'
import { UserError } from '../src/errors.js'
import { mean } from '../src/mean.js'
import { startRuntime } from '../src/runtime/start.js'
import { claimRun, type RunClaim } from '../src/training/claim-run.js'
import { diskLine } from './disk-line.js'
import { OTHER_PROCESS } from './other-process.js'
import { printedConfig } from './print-config.js'
import type { ProgressBar } from './progress.js'
import { shellWord } from './shell-word.js'
import type { Terminal } from './terminal.js'

/** The folder of all runs. */
const ROOT = 'checkpoints'
/** What must stay as it is when a run goes on: the network, and which step sees which frames. */
const FIXED = ['is_classifier', 'model', 'optimizer', 'batch_size', 'train_stride', 'seed'] as const
const NO_PROGRESS: LocatorProgress = { step: 0, tested: 0, bestLoss: Infinity, sums: { loss: 0, quality: 0, frames: 0 } } // prettier-ignore

export interface RegressorTrainingRequest {
  readonly given: Readonly<Record<string, unknown>>
  /** Of a new run, or of the one that is resumed. */
  readonly newRunId: string
}

/**
 * Trains a classifier or a regressor, with a bar and a line per epoch, into `checkpoints/<run id>`.
 * @throws UserError for options, data or files that do not work.
 */
export async function runRegressorTraining(
  request: RegressorTrainingRequest,
  terminal: Terminal,
): Promise<void> {
  const { newRunId, given } = request
  if (given.resume_id) requireRunId('--resume_id', newRunId)
  const folder = path.join(ROOT, newRunId)
  const claim = await claimRun(
    { runId: newRunId, folder },
    {
      onOther: () => terminal.log(OTHER_PROCESS),
      signal: terminal.signal,
    },
  )
  try {
    await trainClaimed(request, folder, claim, terminal)
  } finally {
    await claim.release()
  }
}

async function trainClaimed(
  request: RegressorTrainingRequest,
  folder: string,
  claim: RunClaim,
  terminal: Terminal,
): Promise<void> {
  const { given, newRunId } = request
  const resumed = given.resume_id ? findRun(folder) : undefined
  const config = runConfig(request, resumed)
  terminal.log(`configuration:\n${printedConfig({ ...config })}`)
  const train = openPlacedFrames(config.data_dir, 'train', config.train_stride)
  const test = openPlacedFrames(config.data_dir, 'test', config.test_stride, train.size)
  terminal.log(`${counted(train.count, 'frame')} to train on, ${test.count} to test on`)
  await startTensorFlow(config, terminal)
  const progress = resumed?.progress ?? NO_PROGRESS
  const network = networkOf(config)
  const trainer = openTrainer(network, config, resumed)
  try {
    terminal.log(`run ${newRunId} in ${folder}${resumed ? `, going on after step ${progress.step}` : ''}`)
    const run = { newRunId, folder, claim, config, network, trainer, train, test, progress }
    await trainShown(run, resumed && progress.step, terminal)
  } finally {
    trainer.dispose()
  }
}

type RunConfig = RegressorTrainingConfig & { readonly data_dir: string }

/** @throws UserError for options that are missing, or that a run cannot go on with. */
function runConfig(
  { given, newRunId }: RegressorTrainingRequest,
  resumed: LocatorRunFile | undefined,
): RunConfig {
  const config = resolveConfig(regressorTrainingOptions, { ...resumed?.options, ...given })
  for (const name of resumed ? FIXED : [])
    if (config[name] !== resumed?.options[name])
      throw new UserError(`--${name} is ${asTyped(resumed?.options[name])} in run ${newRunId}, and stays so`)
  const { data_dir: dataDir } = config
  if (dataDir === undefined) throw new UserError('--data_dir is required: see fdm regressor-train --help')
  return { ...config, data_dir: dataDir }
}

async function startTensorFlow({ backend, device }: RunConfig, terminal: Terminal): Promise<void> {
  const runtime = await startRuntime({ backend, device })
  if (runtime.backend !== 'tensorflow')
    throw new UserError('regressor-train needs TensorFlow: run npx fdm setup, or leave out --backend')
  terminal.log(runtime.description)
}

function openTrainer(
  network: LocatorNetwork,
  config: RunConfig,
  resumed: LocatorRunFile | undefined,
): LocatorTrainer {
  const { moments } = OPTIMIZERS[config.optimizer]
  const state = resumed?.load(network, moments) ?? freshState(network, config, moments)
  return createLocatorTrainer(network, config.optimizer, { state, step: resumed?.progress.step ?? 0 })
}

interface ShownRun extends Pick<LocatorTraining, 'trainer' | 'train' | 'test' | 'progress'> {
  readonly newRunId: string
  readonly folder: string
  readonly claim: RunClaim
  readonly config: RunConfig
  readonly network: LocatorNetwork
}

/**
 * Trains, shows how it goes, and says in the end what to go on with.
 * @param savedStep the last step that is saved, if any is
 */
async function trainShown(
  { newRunId, folder, claim, network, ...parts }: ShownRun,
  savedStep: number | undefined,
  terminal: Terminal,
): Promise<void> {
  const { trainer, config, progress } = parts
  const { signal } = terminal
  const goOn = `npx fdm regressor-train --resume_id ${shellWord(newRunId)}`
  let lastSaved = savedStep
  const output = locatorOutput({
    ...{ folder, tested: progress.tested, claim, signal },
    onDisk: (news) => terminal.log(diskLine(news)),
    onBest: (file) => terminal.log(`the best so far: ${file}`),
    onSave: (step) => (lastSaved = step),
  })
  const bars = partBars(terminal)
  let isDone: boolean
  try {
    isDone = await trainLocator({
      ...{ ...parts, signal },
      onStep: (step, total, { loss, quality }) => {
        const numbers = `loss ${mean(loss).toFixed(3)}, ${inWords(network, mean(quality))}`
        bars.show('training', step, total, numbers)
      },
      onTest: (frames, total) => bars.show('testing', frames, total),
      onEpoch(report, isBest) {
        terminal.log(epochLine(network, report))
        output.log(report.epoch + 1, numbersOf(network, report))
        if (isBest) output.keepBest(report.epoch, locatorStateDict(network, trainer.state, trainer.step))
      },
      save: (reached: LocatorProgress, asked) =>
        output.save(() => writeRunFile(folder, { ...config }, reached, network, trainer.state), asked),
    })
    await output.settle()
  } catch (error) {
    if (lastSaved !== undefined && !(error instanceof NothingLearned))
      terminal.log(`step ${lastSaved} is saved; go on from it with: ${goOn}`)
    throw error
  } finally {
    bars.stop()
  }
  terminal.log(endLine(trainer.step, isDone, config.num_epochs, lastSaved === undefined ? undefined : goOn))
}

/** One bar at a time: that of the part under way. */
function partBars(terminal: Terminal) {
  let bar: ProgressBar | undefined
  let title = ''
  return {
    show(part: string, ...numbers: Parameters<ProgressBar['update']>) {
      if (part !== title) {
        bar?.stop()
        bar = terminal.progress((title = part))
      }
      bar?.update(...numbers)
    },
    stop: () => bar?.stop(),
  }
}

/** @param goOn the command that goes on with the run, if there is anything to go on from */
function endLine(step: number, isDone: boolean, epochs: number, goOn: string | undefined): string {
  if (goOn === undefined) return `stopped after step ${step}: no step was done, nothing is saved`
  return isDone
    ? `${counted(epochs, 'epoch')} done, ${counted(step, 'step')}; more with: ${goOn} --num_epochs <more than ${epochs}>`
    : `stopped after step ${step}; go on with: ${goOn}`
}

function findRun(folder: string): LocatorRunFile {
  if (!existsSync(runFile(folder)))
    throw new UserError(
      `there is no run to go on with in ${folder}: it has no ${path.basename(runFile(folder))}`,
    )
  return readRunFile(folder)
}

function networkOf({ model, is_classifier: isClassifier }: RegressorTrainingConfig): LocatorNetwork {
  const backbone =
    model === 'efficientnet_b7' ? efficientBackbone(EFFICIENTNET_B7) : residualBackbone(RESIDUAL_PLANS[model])
  return { kind: isClassifier ? 'classifier' : 'regressor', backbone }
}

function freshState(network: LocatorNetwork, config: RegressorTrainingConfig, moments: number): LocatorState {
  const weights = readLocatorWeights(
    network,
    initialLocator(network, config.seed, config.init_weights || undefined),
  )
  return { ...weights, moments: zeroMoments(weights.parameters, moments) }
}

function epochLine(network: LocatorNetwork, { epoch, train, test }: EpochReport): string {
  const middle = network.kind === 'regressor' ? `, median ${test.median.toFixed(2)} m` : ''
  return (
    `epoch ${epoch}: training loss ${train.loss.toFixed(4)}, ${inWords(network, train.quality)}; ` +
    `test loss ${test.loss.toFixed(4)}, ${inWords(network, test.quality)}${middle}`
  )
}

function numbersOf({ kind }: LocatorNetwork, { train, test }: EpochReport): Record<string, number> {
  const losses = { train_loss: train.loss, test_loss: test.loss }
  return kind === 'classifier'
    ? { ...losses, train_accuracy: train.quality, test_accuracy: test.quality }
    : { ...losses, train_error: train.quality, test_error: test.quality, test_median_error: test.median }
}

function inWords({ kind }: LocatorNetwork, quality: number): string {
  return kind === 'classifier' ? `${(100 * quality).toFixed(1)} % right` : `error ${quality.toFixed(2)} m`
}
