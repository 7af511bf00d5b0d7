import { hasProcessorOperation } from '../../runtime/native-extension.js'
import { runOperationOf } from '../../runtime/run-operation.js'
import type { Tensor } from '../../runtime/tf.js'
import { adamwUpdate, type AdamWScalars, type AdamWSettings, type AdamWSlot } from './adamw.js'
import { emaUpdate } from './ema.js'

export interface ParameterUpdateSettings extends Pick<AdamWSettings, 'betas' | 'eps'> {
  /** One per average. */
  readonly emaRates: readonly number[]
}

/** A parameter with its moments and averages after an update. */
export interface UpdatedParameter extends Omit<AdamWSlot, 'grad'> {
  readonly averages: readonly Tensor[]
}

/**
 * One AdamW update of one parameter, and of the averages that follow it. One operation of our own where
 * there is one (native/operations): twenty single ones take their time even for small parameters.
 */
export function parameterUpdate(
  slot: AdamWSlot,
  averages: readonly Tensor[],
  scalars: AdamWScalars,
  settings: ParameterUpdateSettings,
): UpdatedParameter {
  return (hasFusedUpdate() ? fusedUpdate : plainUpdate)(slot, averages, scalars, settings)
}

/** Whether the backend in use has the operation and computes on a processor, which is what it is for. */
export function hasFusedUpdate(): boolean {
  return hasProcessorOperation('FdmAdamW')
}

/** The update in operations that every backend has. */
export function plainUpdate(
  slot: AdamWSlot,
  averages: readonly Tensor[],
  scalars: AdamWScalars,
  { emaRates, ...settings }: ParameterUpdateSettings,
): UpdatedParameter {
  const updated = adamwUpdate(slot, scalars, settings)
  return {
    ...updated,
    averages: averages.map((average, i) => emaUpdate(average, updated.param, emaRates[i] ?? NaN)),
  }
}

/** The update as one operation. */
export function fusedUpdate(
  { param, grad, expAvg, expAvgSq }: AdamWSlot,
  averages: readonly Tensor[],
  { keep, stepSize, rootCorrection }: AdamWScalars,
  { betas: [beta1, beta2], eps, emaRates }: ParameterUpdateSettings,
): UpdatedParameter {
  const inputs = [param, grad, expAvg, expAvgSq, ...averages, keep, stepSize, rootCorrection]
  const attributes = {
    N: averages.length,
    beta1: { float: beta1 },
    beta2: { float: beta2 },
    rates: { float: emaRates },
    rest1: { float: 1 - beta1 },
    rest2: { float: 1 - beta2 },
    rest_rates: { float: emaRates.map((rate) => 1 - rate) },
    epsilon: { float: eps },
  }
  const outputs = runOperationOf('FdmAdamW', inputs, attributes, 3 + averages.length)
  const [newParam, newExpAvg, newExpAvgSq, ...newAverages] = outputs as [Tensor, Tensor, Tensor, ...Tensor[]]
  return { param: newParam, expAvg: newExpAvg, expAvgSq: newExpAvgSq, averages: newAverages }
}
