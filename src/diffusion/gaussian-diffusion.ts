import { diffusionOptions, type DiffusionConfig } from '../config/model.js'
import { requireConfig } from '../config/option.js'
import { UserError } from '../errors.js'
import { tf, type Tensor1D, type Tensor5D } from '../runtime/tf.js'
import { createSchedule, type Schedule } from './schedule.js'
import { column, columnVector, stepTable, type StepTable } from './step-table.js'
import type { Denoised, Denoiser, Network } from './types.js'

/**
 * A Gaussian diffusion process (Ho et al. 2020) over videos (B, T, H, W, C) in [-1, 1] scale. All its
 * functions are pure in their tensors, and free all but what they return, which the caller owns; times enter as
 * a table made by `at`.
 */
export interface GaussianDiffusion {
  readonly config: DiffusionConfig
  readonly schedule: Schedule
  /** Steps in use, after respacing. */
  readonly numTimesteps: number
  /**
   * The schedule's values at one step per video, to feed to the other functions.
   * @param t 0 <= t < numTimesteps
   * @throws RangeError for a step outside the schedule.
   */
  at(t: readonly number[]): StepTable
  /** A sample of q(x_t | x_0), eq. 4, with the given standard-normal noise. */
  qSample(x0: Tensor5D, at: StepTable, noise: Tensor5D): Tensor5D
  /** Mean of q(x_{t-1} | x_t, x_0), eq. 7. */
  posteriorMean(x0: Tensor5D, xT: Tensor5D, at: StepTable): Tensor5D
  /**
   * The model's p(x_{t-1} | x_t). Pixels of x_0 are clipped to [-1, 1] if asked for.
   * @throws UserError for a network whose output has not C channels, or 2C with a learned variance.
   */
  pMeanVariance(network: Network, xT: Tensor5D, at: StepTable, options: { clipDenoised: boolean }): Denoised
  /**
   * The same from an output that the network has already given: (B, T, H, W, C), or 2C with a learned variance.
   * @throws UserError for an output of other channels.
   */
  interpret(output: Tensor5D, xT: Tensor5D, at: StepTable, options: { clipDenoised: boolean }): Denoised
  /** What the network is told of the time, (B). */
  networkTimesteps(at: StepTable): Tensor1D
  /** The noise that takes x_0 to x_t. */
  epsFromXStart(xT: Tensor5D, x0: Tensor5D, at: StepTable): Tensor5D
  /** A denoiser for samplers: every video of the batch at the same step. It throws what `pMeanVariance` throws. */
  denoiser(network: Network, options: { clipDenoised: boolean }): Denoiser
}

/**
 * @throws UserError for a configuration that is incomplete or gives no schedule.
 */
export function createDiffusion(config: DiffusionConfig): GaussianDiffusion {
  requireConfig('createDiffusion', diffusionOptions, config)
  const schedule = createSchedule(config)
  const at = (t: readonly number[]) => stepTable(schedule, config, t)

  const posteriorMean = (x0: Tensor5D, xT: Tensor5D, table: StepTable): Tensor5D =>
    tf.tidy(() =>
      tf.add(
        tf.mul(column(table, 'posteriorMeanCoef1'), x0),
        tf.mul(column(table, 'posteriorMeanCoef2'), xT),
      ),
    )

  const interpret: GaussianDiffusion['interpret'] = (output, xT, table, { clipDenoised }) =>
    tf.tidy(() => {
      const { prediction, varianceValues } = splitOutput(output, config, xT.shape[4])
      const unclipped = config.predict_xstart ? prediction : xStartFromEps(xT, prediction, table)
      const predXStart: Tensor5D = clipDenoised ? tf.clipByValue(unclipped, -1, 1) : tf.clone(unclipped)
      const logVariance: Tensor5D = varianceValues
        ? interpolateLogVariance(varianceValues, table)
        : tf.broadcastTo(column(table, 'fixedLogVariance'), xT.shape)
      return { predXStart, mean: posteriorMean(predXStart, xT, table), logVariance }
    })

  const pMeanVariance: GaussianDiffusion['pMeanVariance'] = (network, xT, table, options) =>
    tf.tidy(() => ({
      ...interpret(network(xT, columnVector(table, 'networkTimestep')), xT, table, options),
    }))

  return {
    config,
    schedule,
    numTimesteps: schedule.numTimesteps,
    at,
    qSample: (x0, table, noise) =>
      tf.tidy(() =>
        tf.add(
          tf.mul(column(table, 'sqrtAlphasCumprod'), x0),
          tf.mul(column(table, 'sqrtOneMinusAlphasCumprod'), noise),
        ),
      ),
    posteriorMean,
    pMeanVariance,
    interpret,
    networkTimesteps: (table) => tf.tidy(() => columnVector(table, 'networkTimestep')),
    epsFromXStart: (xT, x0, table) =>
      tf.tidy(() =>
        tf.div(
          tf.sub(tf.mul(column(table, 'sqrtRecipAlphasCumprod'), xT), x0),
          column(table, 'sqrtRecipm1AlphasCumprod'),
        ),
      ),
    denoiser:
      (network, options) =>
      (xT, t): Denoised => {
        const videos = Array.from({ length: xT.shape[0] }, () => t)
        return tf.tidy(() => ({ ...pMeanVariance(network, xT, at(videos), options) }))
      },
  }
}

/**
 * The prediction and, with a learned variance, the variance values: channels split in two halves.
 * @param channels C of the videos
 * @throws UserError for an output of another process, which does not have C or 2C channels.
 */
export function splitOutput(
  output: Tensor5D,
  { learn_sigma: isLearned }: Pick<DiffusionConfig, 'learn_sigma'>,
  channels: number,
): { readonly prediction: Tensor5D; readonly varianceValues?: Tensor5D } {
  const expected = isLearned ? 2 * channels : channels
  if (output.shape[4] !== expected)
    throw new UserError(
      `with learn_sigma ${isLearned ? 'True' : 'False'} a diffusion process takes ${expected} channels from its ` +
        `network, not ${output.shape[4]}: give both the same configuration`,
    )
  if (!isLearned) return { prediction: output }
  const [prediction, varianceValues] = tf.split(output, 2, 4) as [Tensor5D, Tensor5D]
  return { prediction, varianceValues }
}

/** x_0 from x_t and predicted noise: eq. 4 solved for x_0. */
function xStartFromEps(xT: Tensor5D, eps: Tensor5D, table: StepTable): Tensor5D {
  return tf.sub(
    tf.mul(column(table, 'sqrtRecipAlphasCumprod'), xT),
    tf.mul(column(table, 'sqrtRecipm1AlphasCumprod'), eps),
  )
}

/** Nichol & Dhariwal 2021, eq. 15: -1 gives the posterior variance, 1 gives beta. */
function interpolateLogVariance(values: Tensor5D, table: StepTable): Tensor5D {
  const share = tf.mul(tf.add(values, 1), 0.5)
  const [largest, smallest] = [column(table, 'logBeta'), column(table, 'posteriorLogVarianceClipped')]
  return tf.add(tf.mul(share, largest), tf.mul(tf.sub(1, share), smallest))
}
