import type { DiffusionConfig } from '../config/model.js'
import { noiseSchedule } from './noise-schedule.js'
import { respacedTimesteps } from './respacing.js'

/**
 * Everything that follows from the betas of the steps in use, in float64, one value per step.
 * Notation and equation numbers: Ho et al. 2020.
 */
export interface Schedule {
  /** Steps in use, after respacing. */
  readonly numTimesteps: number
  /** The original index of each step in use. */
  readonly timestepMap: readonly number[]
  readonly betas: Float64Array
  /** alpha-bar_t. */
  readonly alphasCumprod: Float64Array
  /** alpha-bar_{t-1}, 1 at t = 0. */
  readonly alphasCumprodPrev: Float64Array
  readonly sqrtRecipAlphasCumprod: Float64Array
  readonly sqrtRecipm1AlphasCumprod: Float64Array
  /** Variance of q(x_{t-1} | x_t, x_0), eq. 7. */
  readonly posteriorVariance: Float64Array
  /** Its logarithm; at t = 0, where the variance is 0, that of t = 1, or of beta if there is no other step. */
  readonly posteriorLogVarianceClipped: Float64Array
  /** Coefficients of x_0 and of x_t in the mean of q(x_{t-1} | x_t, x_0), eq. 7. */
  readonly posteriorMeanCoef1: Float64Array
  readonly posteriorMeanCoef2: Float64Array
}

/**
 * The schedule of a configuration, respaced.
 * @throws UserError for settings that give no schedule.
 */
export function createSchedule(
  config: Pick<DiffusionConfig, 'noise_schedule' | 'diffusion_steps' | 'timestep_respacing'>,
): Schedule {
  const original = noiseSchedule(config.noise_schedule, config.diffusion_steps)
  const timestepMap = respacedTimesteps(config.diffusion_steps, config.timestep_respacing)
  return scheduleOf(respaceBetas(original, timestepMap), timestepMap)
}

/** Betas that keep the cumulative products of the steps in use (Nichol & Dhariwal 2021, eq. 19). */
function respaceBetas(original: Float64Array, kept: readonly number[]): Float64Array {
  const products = cumulativeProducts(original)
  let previous = 1
  return Float64Array.from(kept, (step) => {
    const product = products[step] ?? NaN
    const beta = 1 - product / previous
    previous = product
    return beta
  })
}

function scheduleOf(betas: Float64Array, timestepMap: readonly number[]): Schedule {
  const numTimesteps = betas.length
  const alphasCumprod = cumulativeProducts(betas)
  const product = (t: number) => (t < 0 ? 1 : (alphasCumprod[t] ?? 0))
  const perStep = (value: (t: number, beta: number) => number) => betas.map((beta, t) => value(t, beta))
  const posteriorVariance = perStep((t, beta) => (beta * (1 - product(t - 1))) / (1 - product(t)))
  return {
    numTimesteps,
    timestepMap,
    betas,
    alphasCumprod,
    alphasCumprodPrev: perStep((t) => product(t - 1)),
    sqrtRecipAlphasCumprod: perStep((t) => Math.sqrt(1 / product(t))),
    sqrtRecipm1AlphasCumprod: perStep((t) => Math.sqrt(1 / product(t) - 1)),
    posteriorVariance,
    posteriorLogVarianceClipped: perStep((t, beta) => Math.log(posteriorVariance[Math.max(t, 1)] ?? beta)),
    posteriorMeanCoef1: perStep((t, beta) => (beta * Math.sqrt(product(t - 1))) / (1 - product(t))),
    posteriorMeanCoef2: perStep((t, beta) => ((1 - product(t - 1)) * Math.sqrt(1 - beta)) / (1 - product(t))),
  }
}

function cumulativeProducts(betas: Float64Array): Float64Array {
  let product = 1
  return betas.map((beta) => (product *= 1 - beta))
}
