import type { DiffusionConfig } from '../config/model.js'
import { tf, type Tensor1D, type Tensor2D, type Tensor5D } from '../runtime/tf.js'
import type { Schedule } from './schedule.js'

const COLUMNS = [
  'sqrtAlphasCumprod',
  'sqrtOneMinusAlphasCumprod',
  'logOneMinusAlphasCumprod',
  'sqrtRecipAlphasCumprod',
  'sqrtRecipm1AlphasCumprod',
  'posteriorMeanCoef1',
  'posteriorMeanCoef2',
  'posteriorLogVarianceClipped',
  'logBeta',
  'fixedLogVariance',
  'isFirstStep',
  'networkTimestep',
] as const

type Column = (typeof COLUMNS)[number]

/**
 * The schedule's values at one step per video: (B, columns), float32. Functions of the diffusion take
 * this tensor instead of step numbers, so that they are pure in tensors and a compiled step can be fed
 * any steps.
 */
export type StepTable = Tensor2D

/**
 * Looks the values up in float64 and rounds once.
 * @param t step of each video, 0 <= t < schedule.numTimesteps
 * @throws RangeError for a step outside the schedule.
 */
export function stepTable(schedule: Schedule, config: DiffusionConfig, t: readonly number[]): StepTable {
  const rows = t.map((step) => {
    if (!(Number.isInteger(step) && step >= 0 && step < schedule.numTimesteps))
      throw new RangeError(`step ${step} is not one of the ${schedule.numTimesteps} diffusion steps`)
    const values = valuesAt(schedule, config, step)
    return COLUMNS.map((column) => values[column])
  })
  return tf.tensor2d(rows, [t.length, COLUMNS.length])
}

/** One column, shaped (B, 1, 1, 1, 1) to go with videos. */
export function column(table: StepTable, name: Column): Tensor5D {
  return tf.reshape(columnVector(table, name), [-1, 1, 1, 1, 1])
}

/** One column, (B). */
export function columnVector(table: StepTable, name: Column): Tensor1D {
  return tf.reshape(tf.slice(table, [0, COLUMNS.indexOf(name)], [-1, 1]), [-1])
}

function valuesAt(schedule: Schedule, config: DiffusionConfig, t: number): Readonly<Record<Column, number>> {
  const alphaBar = at(schedule.alphasCumprod, t)
  const beta = at(schedule.betas, t)
  const posteriorLogVarianceClipped = at(schedule.posteriorLogVarianceClipped, t)
  // A fixed large variance takes the second posterior variance at t = 0: a better decoder likelihood.
  const fixedLarge = t === 0 ? posteriorLogVarianceClipped : Math.log(beta)
  const original = schedule.timestepMap[t] ?? NaN
  return {
    sqrtAlphasCumprod: Math.sqrt(alphaBar),
    sqrtOneMinusAlphasCumprod: Math.sqrt(1 - alphaBar),
    logOneMinusAlphasCumprod: Math.log(1 - alphaBar),
    sqrtRecipAlphasCumprod: at(schedule.sqrtRecipAlphasCumprod, t),
    sqrtRecipm1AlphasCumprod: at(schedule.sqrtRecipm1AlphasCumprod, t),
    posteriorMeanCoef1: at(schedule.posteriorMeanCoef1, t),
    posteriorMeanCoef2: at(schedule.posteriorMeanCoef2, t),
    posteriorLogVarianceClipped,
    logBeta: Math.log(beta),
    fixedLogVariance: config.sigma_small ? posteriorLogVarianceClipped : fixedLarge,
    isFirstStep: t === 0 ? 1 : 0,
    networkTimestep: config.rescale_timesteps ? original * (1000 / config.diffusion_steps) : original,
  }
}

function at(values: Float64Array, t: number): number {
  return values[t] ?? NaN
}
