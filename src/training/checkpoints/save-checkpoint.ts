import { existsSync } from 'node:fs'
import path from 'node:path'
import type { TrainConfig } from '../../config/training.js'
import { removeOrLater } from '../../files/remove-file.js'
import { syncToDisk } from '../../files/sync-to-disk.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { parameterSpecs } from '../../model/parameters.js'
import type { Parameters } from '../../nn/scope.js'
import type { RunningMeansState } from '../../tracking/running-means.js'
import type { BadStepCounts } from '../bad-steps/bad-steps.js'
import type { VideoList } from '../batches/video-list.js'
import { learningRate } from '../step/learning-rate.js'
import type { TrainingState } from '../step/state.js'
import type { TimestepSamplerState } from '../step/timestep-sampler.js'
import { checkpointFileNames } from './checkpoint-files.js'
import { writeOptimizerFile } from './optimizer-file.js'
import { writeCheckpoint } from './write-checkpoint.js'

/** A training configuration with everything resolved that the data set may choose. */
export type ResolvedTrainConfig = TrainConfig & { readonly image_size: number }

/** What a run has besides tensors: the content of `state<step>.json`. */
export interface HostState {
  /** Updates done. */
  readonly step: number
  readonly timesteps: TimestepSamplerState
  /** Step of the last line of the log, and the numbers since. */
  readonly lastLine: number
  readonly means: RunningMeansState
  /** Steps that were skipped; files of older versions do not say. */
  readonly badSteps?: BadStepCounts
  /** The step after which videos were sampled last, 0 for none; files of older versions do not say. */
  readonly sampledAt?: number
  /** Videos of all ranks in a batch; files of older versions do not say. */
  readonly commonBatch?: number
  /** What it was trained on; files of older versions do not say. */
  readonly videos?: VideoList
}

export interface Saved {
  readonly model: string
  /** One per rate. */
  readonly ema: readonly string[]
}

/**
 * Writes all files of one step. Each appears whole or not at all, and the model, which makes the set
 * one that can be resumed, comes last: whatever happens on the way, the previous set stays the newest
 * complete one. In the end the disk has all of it.
 * @throws UserError naming the file that cannot be written; what was written of the set is removed.
 */
export function saveCheckpoint(
  folder: string,
  config: ResolvedTrainConfig,
  emaRates: readonly number[],
  state: TrainingState & { readonly optimizerStep: number },
  host: HostState,
): Saved {
  const specs = parameterSpecs(config)
  const names = checkpointFileNames(host.step, emaRates)
  const inFolder = (name: string) => path.join(folder, name)
  const saved = { model: inFolder(names.model), ema: names.ema.map(inFolder) }
  const writeModel = (file: string, parameters: Parameters) =>
    writeCheckpoint(file, { parameters, config, step: host.step })
  const { expAvg, expAvgSq, optimizerStep } = state
  const lastUsed = {
    lr: learningRate(config, Math.max(0, host.step - 1)),
    weight_decay: config.weight_decay,
  }
  const writes: readonly (readonly [file: string, write: (file: string) => void])[] = [
    [inFolder(names.state), (file) => writeFileAtomic(file, `${JSON.stringify(host)}\n`)],
    ...state.ema.map(
      (average, i) => [saved.ema[i] ?? '', (file: string) => writeModel(file, average)] as const,
    ),
    [
      inFolder(names.optimizer),
      (file) => writeOptimizerFile(file, { expAvg, expAvgSq, step: optimizerStep }, specs, lastUsed),
    ],
    [saved.model, (file) => writeModel(file, state.params)],
  ]
  const created: string[] = []
  try {
    for (const [file, write] of writes) {
      if (!existsSync(file)) created.push(file)
      // The others' names first: without them, a machine that fails would leave half a set that looks whole.
      if (file === saved.model) syncToDisk(folder)
      write(file)
    }
  } catch (error) {
    // The model first: without it the others are none.
    for (const file of created.reverse()) removeOrLater(file)
    throw error
  }
  // What is written is whole, whatever comes of this.
  syncToDisk(folder)
  return saved
}
