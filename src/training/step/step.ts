import type { GaussianDiffusion } from '../../diffusion/gaussian-diffusion.js'
import type { Losses } from '../../diffusion/losses.js'
import { scopeOf, type Parameters } from '../../nn/scope.js'
import type { RankGroup } from '../../runtime/rank-group.js'
import { tf, type Tensor, type Tensor1D } from '../../runtime/tf.js'
import type { AdamWScalars } from './adamw.js'
import { gradNorm } from './grad-norm.js'
import { microBatchGradients, type MicroBatch, type ParametricNetwork } from './gradients.js'
import { parameterUpdate, type ParameterUpdateSettings, type UpdatedParameter } from './parameter-update.js'
import { flattenState, mapTensors, nameTensors, unflattenState, type TrainingState } from './state.js'
import { sumBatchGradients, type BatchGradients } from './sum-gradients.js'

/** What stays the same from step to step. */
export interface StepSettings extends ParameterUpdateSettings {
  readonly network: ParametricNetwork
  /** The same network, of packed parameters whose gradients come one after the other. */
  readonly networkInOrder?: ParametricNetwork | undefined
  readonly diffusion: GaussianDiffusion
  /** Those that share the batch, each with as many of its videos. */
  readonly ranks?: RankGroup | undefined
}

/** What a step is fed: tensors only, so that one recording serves every step of the same shapes. */
export interface StepInputs {
  readonly microBatches: readonly MicroBatch[]
  readonly scalars: AdamWScalars
  /** (1): what is added up over the ranks; nothing without ranks. */
  readonly stop?: Tensor1D | undefined
}

export interface StepResult {
  readonly state: TrainingState
  /** Unweighted losses of all videos of the batch, of all ranks, by kind, (B) each. */
  readonly losses: Readonly<Record<string, Tensor1D>>
  readonly gradNorm: Tensor
  /** The sum over the ranks. */
  readonly stop?: Tensor1D | undefined
}

/**
 * One update: the gradients of the mean loss over all micro-batches of all ranks, AdamW, then the averaged
 * copies. A pure function of tensors: it reads nothing back to the host and draws no randomness but from the
 * seeds it is fed. The caller owns the arguments and the result.
 */
export function trainingStep(settings: StepSettings, state: TrainingState, inputs: StepInputs): StepResult {
  const own = batchGradients(settings, state, inputs)
  const { gradients, ...rest } = settings.ranks ? sumBatchGradients(settings.ranks, own) : own
  if (settings.ranks) disposeGradients(own)
  const updated = updateState(settings, state, gradients, inputs.scalars)
  tf.dispose([...gradients.values()])
  return { ...updated, ...rest }
}

/** The part of a step before the sums over ranks: this rank's share of the gradients and losses. */
export function batchGradients(
  { network, networkInOrder, diffusion, ranks }: StepSettings,
  { params }: TrainingState,
  { microBatches, stop }: StepInputs,
): BatchGradients {
  const names = [...params.keys()]
  const batchSize = microBatches.reduce((total, { x0 }) => total + x0.shape[0], 0) * (ranks?.size ?? 1)
  // Of several micro-batches the sum is there after the last. To wait in each would only keep all their
  // activations at once, as TensorFlow goes on with another meanwhile.
  const run = microBatches.length === 1 ? (networkInOrder ?? network) : network
  // A scope returns tensors in lists, not in maps: hence lists, named again outside.
  const { tensors, losses } = tf.tidy(() => {
    const parts = microBatches.map((micro) => microBatchGradients(run, diffusion, params, micro, batchSize))
    return {
      tensors: names.map((name) => sumOf(parts.map((part) => scopeOf(part.gradients).get(name)))),
      losses: joinLosses(parts.map((part) => part.losses)),
    }
  })
  return { gradients: nameTensors(names, tensors), losses, stop: stop?.clone() }
}

export function disposeGradients({ gradients, losses, stop }: BatchGradients): void {
  tf.dispose([...gradients.values(), ...Object.values(losses), ...(stop ? [stop] : [])])
}

/** The part of a step after them: what the gradients make of the state. */
export function updateState(
  settings: ParameterUpdateSettings,
  state: TrainingState,
  gradients: Parameters,
  scalars: AdamWScalars,
): Pick<StepResult, 'state' | 'gradNorm'> {
  const { tensors, norm } = tf.tidy(() => {
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
    return { tensors: flattenState(after), norm: gradNorm(gradients.values()) }
  })
  return { state: unflattenState(tensors, [...state.params.keys()]), gradNorm: norm }
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
