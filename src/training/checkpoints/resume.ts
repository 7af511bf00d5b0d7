import { readFileSync } from 'node:fs'
import path from 'node:path'
import { emaRates, resumeSource } from '../../config/training.js'
import { UserError } from '../../errors.js'
import { clearUnfinished } from '../../files/unfinished-files.js'
import { parameterSpecs } from '../../model/parameters.js'
import { createModel } from '../../model/video-model.js'
import { tf } from '../../runtime/tf.js'
import { readCheckpointFile } from '../../torch-file/index.js'
import { initialState, mapTensors, type TrainingState } from '../step/state.js'
import { tidyState } from '../step/tidy-state.js'
import type { CheckpointFiles } from './checkpoint-files.js'
import { finishRemoving } from './keep-newest.js'
import { readOptimizerFile } from './optimizer-file.js'
import { readResumed } from './read-resumed.js'
import { checkSameModel, resumedFiles } from './resumed-options.js'
import type { HostState, ResolvedTrainConfig } from './save-checkpoint.js'

/** Where a run starts: fresh, or where another one stopped. */
export interface StartingPoint {
  readonly state: TrainingState
  /** Updates done. */
  readonly step: number
  readonly optimizerStep: number
  readonly host?: HostState
  /** The checkpoint it comes from. */
  readonly checkpoint?: string
  /** What that checkpoint does not have, and starts anew. */
  readonly anew: Anew
}

export interface Anew {
  readonly optimizer: boolean
  /** Rates of averages that start as the weights. */
  readonly averages: readonly number[]
}

/**
 * The state that a run starts from: with a run id that of its newest complete checkpoint, with
 * `resume_checkpoint` that file's and what lies beside it, else fresh weights from the seed. Averages that
 * are not there start as the weights, a missing optimizer state as zeros.
 * @param root the folder of all runs, `checkpoints`
 * @throws UserError if there is nothing to resume, or it does not fit the configuration; no tensor is left then.
 */
export function startingPoint(config: ResolvedTrainConfig, root: string): StartingPoint {
  const rates = emaRates(config)
  const source = resumeSource(config)
  if (source) {
    const files = resumedFiles(source, root, rates)
    if ('runId' in source) {
      const folder = path.dirname(files.model)
      clearUnfinished(folder, 'of all')
      finishRemoving(folder, rates)
    }
    const reading = readResumed(source, files.model, rates)
    return tidyState(() => resumed(files, config, reading))
  }
  return tidyState(() => ({
    state: initialState(createModel(config, { seed: config.seed }).parameters, rates.length),
    step: 0,
    optimizerStep: 0,
    anew: { optimizer: false, averages: [] },
  }))
}

type Reading = ReturnType<typeof readResumed>

function resumed(
  files: Omit<CheckpointFiles, 'step'>,
  config: ResolvedTrainConfig,
  reading: Reading,
): StartingPoint {
  const { model, optimizer: optimizerFile } = files
  const { parameters: params, step } = readParameters(model, config, reading)
  const zeros = () => mapTensors(params, (tensor) => tf.zerosLike(tensor))
  const optimizer = optimizerFile
    ? reading(() => readOptimizerFile(optimizerFile, parameterSpecs(config)))
    : { expAvg: zeros(), expAvgSq: zeros(), step: 0 }
  const ema = files.ema.map((file) =>
    file
      ? readParameters(file, config, reading).parameters
      : mapTensors(params, (tensor) => tensor.clone()),
  )
  const host = files.state ? readHostState(files.state) : undefined
  return {
    state: { params, expAvg: optimizer.expAvg, expAvgSq: optimizer.expAvgSq, ema },
    // As the original, which counts from 0 if the name of the file does not say otherwise.
    step: step ?? 0,
    optimizerStep: optimizer.step,
    ...(host ? { host } : {}),
    checkpoint: model,
    anew: {
      optimizer: optimizerFile === undefined,
      averages: emaRates(config).filter((_, i) => files.ema[i] === undefined),
    },
  }
}

/** @throws UserError naming the file and the first parameter that does not fit the configuration. */
function readParameters(file: string, config: ResolvedTrainConfig, reading: Reading) {
  const { stateDict, config: saved, step } = reading(() => readCheckpointFile(file))
  // A configuration is complete: nobody may have given the option.
  checkSameModel({ ...config }, saved, file, 'resumeTrainConfig fills in what a run had')
  try {
    return { parameters: createModel(config, { parameters: stateDict }).parameters, step }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`${file} does not fit the options given: ${error.message}`, { cause: error })
  }
}

/** Checked as far as it is used: a damaged file must not become a strange error later. */
function readHostState(file: string): HostState {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<HostState> | null
    // Files of older versions do not say which line of the log is the last.
    const lastLine = value?.lastLine ?? value?.step
    if (
      typeof value?.step === 'number' &&
      typeof lastLine === 'number' &&
      Array.isArray(value.timesteps?.history) &&
      value.means
    )
      return { ...value, lastLine } as HostState
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new UserError(`${file} is damaged: remove it to resume without the history of losses`)
}
