import type { GaussianDiffusion } from '../diffusion/gaussian-diffusion.js'
import type { Losses } from '../diffusion/losses.js'
import { scopeOf } from '../nn/scope.js'
import { tf, type Tensor, type Tensor1D } from '../runtime/tf.js'
import type { AdamWScalars } from './adamw.js'
import { gradNorm } from './grad-norm.js'
import { microBatchGradients, type MicroBatch, type ParametricNetwork } from './gradients.js'
import { parameterUpdate, type ParameterUpdateSettings, type UpdatedParameter } from './parameter-update.js'
import { flattenState, mapTensors, unflattenState, type TrainingState } from './state.js'

/** What stays the same from step to step. */
export interface StepSettings extends ParameterUpdateSettings {
  readonly network: ParametricNetwork
  readonly diffusion: GaussianDiffusion
}

/** What a step is fed: tensors only, so that one recording serves every step of the same shapes. */
export interface StepInputs {
  readonly microBatches: readonly MicroBatch[]
  readonly scalars: AdamWScalars
}

export interface StepResult {
  readonly state: TrainingState
  /** Unweighted losses of all videos of the batch by kind, (B) each. */
  readonly losses: Readonly<Record<string, Tensor1D>>
  readonly gradNorm: Tensor
}

/**
 * One update: the gradients of the mean loss over all micro-batches, AdamW, then the averaged copies.
 * A pure function of tensors: it reads nothing back to the host and draws no randomness but from the
 * seeds it is fed. The caller owns the arguments and the result.
 */
export function trainingStep(
  settings: StepSettings,
  state: TrainingState,
  { microBatches, scalars }: StepInputs,
): StepResult {
  const { network, diffusion } = settings
  const names = [...state.params.keys()]
  const batchSize = microBatches.reduce((total, { x0 }) => total + x0.shape[0], 0)
  // A scope returns tensors in lists, not in maps: hence lists, named again outside.
  const { tensors, losses, norm } = tf.tidy(() => {
    const parts = microBatches.map((micro) =>
      microBatchGradients(network, diffusion, state.params, micro, batchSize),
    )
    const gradients = mapTensors(state.params, (_, name) =>
      sumOf(parts.map((part) => scopeOf(part.gradients).get(name))),
    )
    const updated = mapTensors(state.params, (param, name) => {
      const slot = {
        param,
        grad: scopeOf(gradients).get(name),
        expAvg: scopeOf(state.expAvg).get(name),
        expAvgSq: scopeOf(state.expAvgSq).get(name),
      }
      const averages = state.ema.map((average) => scopeOf(average).get(name))
      return parameterUpdate(slot, averages, scalars, settings)
    })
    const after: TrainingState = {
      params: mapTensors(updated, ({ param }) => param),
      expAvg: mapTensors(updated, ({ expAvg }) => expAvg),
      expAvgSq: mapTensors(updated, ({ expAvgSq }) => expAvgSq),
      ema: state.ema.map((_, i) => mapTensors(updated, (parameter) => averageOf(parameter, i))),
    }
    return {
      tensors: flattenState(after),
      losses: joinLosses(parts.map((part) => part.losses)),
      norm: gradNorm(gradients.values()),
    }
  })
  return { state: unflattenState(tensors, names), losses, gradNorm: norm }
}

function averageOf({ averages }: UpdatedParameter, i: number): Tensor {
  const average = averages[i]
  if (!average) throw new RangeError(`there is no average ${i}`)
  return average
}

function sumOf(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors
  return tensors.length === 1 && first ? first : tf.addN([...tensors])
}

/** The losses of all videos, from those of each micro-batch. */
function joinLosses(parts: readonly Losses[]): Record<string, Tensor1D> {
  const kinds = Object.keys(parts[0] ?? {}) as (keyof Losses)[]
  return Object.fromEntries(
    kinds.map((kind) => [kind, tf.concat1d(parts.flatMap((part) => part[kind] ?? []))]),
  )
}
