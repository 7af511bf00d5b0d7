import path from 'node:path'
import { UserError } from '../../errors.js'
import { tensorsByName, type WeightArray } from '../../torch-file/tensors-by-name.js'
import { fromTorchLayout, toTorchLayout } from '../../model/torch-layout.js'
import type { Parameters } from '../../nn/scope.js'
import { tf, type Tensor } from '../../runtime/tf.js'
import {
  PyFloat,
  readTorchFile,
  tensor,
  writeTorchFile,
  type TorchTensor,
  type TorchValue,
} from '../../torch-file/index.js'
import type { LocatorNetwork } from './locator-network.js'
import type { LocatorState } from './locator-step.js'
import { locatorStateDict, readLocatorWeights } from './locator-weights.js'

/** How far a run has come. */
export interface LocatorProgress {
  /** Updates done. */
  readonly step: number
  /** Epochs that are trained and tested. */
  readonly tested: number
  /** The best test loss so far. */
  readonly bestLoss: number
  /** Sums over the frames of the epoch under way. */
  readonly sums: { readonly loss: number; readonly quality: number; readonly frames: number }
}

/** What a run goes on from. */
export interface LocatorRunFile {
  /** Options of the run as they were typed and filled in. */
  readonly options: Readonly<Record<string, unknown>>
  readonly progress: LocatorProgress
  /** Reads the tensors. */
  load(network: LocatorNetwork, moments: number): LocatorState
}

export function runFile(folder: string): string {
  return path.join(folder, 'resume.pth')
}

export function writeRunFile(
  folder: string,
  options: Readonly<Record<string, unknown>>,
  progress: LocatorProgress,
  network: LocatorNetwork,
  state: LocatorState,
): void {
  writeTorchFile(runFile(folder), {
    state_dict: locatorStateDict(network, state, progress.step),
    moments: state.moments.map(
      (moment) => new Map([...moment].map(([name, values]) => [name, asTorch(values)])),
    ),
    progress: {
      ...progress,
      bestLoss: new PyFloat(progress.bestLoss),
      sums: {
        ...progress.sums,
        loss: new PyFloat(progress.sums.loss),
        quality: new PyFloat(progress.sums.quality),
      },
    },
    options: JSON.stringify(options),
  })
}

/**
 * @throws UserError if there is no such run, or its file is damaged.
 */
export function readRunFile(folder: string): LocatorRunFile {
  const file = runFile(folder)
  const damaged = new UserError(`${file} is not the state of a run of regressor-train`)
  const value = readTorchFile(file) as Readonly<Record<string, unknown>> | null
  const progress = value?.progress as LocatorProgress | undefined
  if (typeof value?.options !== 'string' || typeof progress?.step !== 'number') throw damaged
  return {
    options: JSON.parse(value.options) as Record<string, unknown>,
    progress,
    load(network, moments) {
      const named = tensorsByName((value as { state_dict?: TorchValue }).state_dict ?? null)
      const weights = readLocatorWeights(network, { file, tensors: named })
      return {
        ...weights,
        moments: Array.from({ length: moments }, (_, i) => {
          const saved = tensorsByName((value as { moments?: readonly TorchValue[] }).moments?.[i] ?? null)
          return momentsFrom(weights.parameters, saved, damaged)
        }),
      }
    },
  }
}

function momentsFrom(
  parameters: Parameters,
  saved: ReadonlyMap<string, WeightArray>,
  damaged: UserError,
): Parameters {
  return new Map(
    [...parameters].map(([name, { shape }]): [string, Tensor] => {
      const values = saved.get(name)
      const moment = values && fromTorchLayout(values.toFloat32(), values.shape)
      if (moment?.shape.join() !== shape.join()) throw damaged
      return [name, moment]
    }),
  )
}

/** Moments before the first step. */
export function zeroMoments(parameters: Parameters, count: number): Parameters[] {
  return Array.from(
    { length: count },
    () => new Map([...parameters].map(([name, values]) => [name, tf.zerosLike(values)])),
  )
}

function asTorch(values: Tensor): TorchTensor {
  const [a = 1, b = 1, c = 1, d = 1] = values.shape
  const shape = values.rank === 4 ? [d, c, a, b] : values.rank === 2 ? [b, a] : values.shape
  return tensor('float32', shape, toTorchLayout(values))
}
