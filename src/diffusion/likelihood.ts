import { tf, type Tensor1D, type Tensor2D, type Tensor5D } from '../runtime/tf.js'
import { checkInputs } from './check-inputs.js'
import { meanOverVideo, normalKl } from './gaussian.js'
import { variationalBits } from './losses.js'
import type { GaussianDiffusion } from './gaussian-diffusion.js'
import type { StepTable } from './step-table.js'
import { column } from './step-table.js'
import type { Network } from './types.js'

/** Terms of the variational bound at one step, each (B). */
export interface LikelihoodTerms {
  /** KL of the step, at t = 0 the decoder's term: bits, a mean over all elements. */
  readonly vb: Tensor1D
  /** Mean squared error of the predicted x_0. */
  readonly xstart_mse: Tensor1D
  /** Mean squared error of the noise derived from it. */
  readonly mse: Tensor1D
}

/** What the bound is evaluated on. */
export interface LikelihoodInputs extends Omit<LikelihoodTensors, 'at'> {
  /** Step of each video. */
  readonly t: readonly number[]
}

/** The same, its steps as a table from `diffusion.at`, which a compiled function can be fed. */
export interface LikelihoodTensors {
  /** Clean videos, (B, T, H, W, C) in [-1, 1]. */
  readonly x0: Tensor5D
  readonly at: StepTable
  /** Standard-normal noise of the shape of x0. */
  readonly noise: Tensor5D
  /** Frames that count, (B, T); means still divide by the number of all. */
  readonly mask?: Tensor2D
  readonly clipDenoised: boolean
}

/**
 * The terms at one step per video (Ho et al. 2020, eq. 5). The total is the sum of `vb` plus the prior. The caller
 * owns them.
 * @throws UserError for tensors whose shapes do not go together, or another number of steps than of videos.
 */
export function likelihoodTerms(
  diffusion: GaussianDiffusion,
  network: Network,
  { t, ...inputs }: LikelihoodInputs,
): LikelihoodTerms {
  const { x0, noise, mask } = inputs
  checkInputs('likelihoodTerms', diffusion, { x0, noise, masks: { mask }, steps: t })
  return tf.tidy(() => ({ ...likelihoodTermsAt(diffusion, network, { ...inputs, at: diffusion.at(t) }) }))
}

/** The terms as a function that is pure in its tensors, to be compiled. */
export function likelihoodTermsAt(
  diffusion: GaussianDiffusion,
  network: Network,
  { x0, at, noise, mask, clipDenoised }: LikelihoodTensors,
): LikelihoodTerms {
  return tf.tidy(() => {
    const xT = diffusion.qSample(x0, at, noise)
    const denoised = diffusion.pMeanVariance(network, xT, at, { clipDenoised })
    const eps = diffusion.epsFromXStart(xT, denoised.predXStart, at)
    return {
      vb: variationalBits(diffusion, denoised, x0, xT, at, mask),
      xstart_mse: meanOverVideo(tf.square(tf.sub(denoised.predXStart, x0)), mask),
      mse: meanOverVideo(tf.square(tf.sub(eps, noise)), mask),
    }
  })
}

/**
 * KL(q(x_T | x_0) || N(0, 1)) in bits, a mean over all elements: (B). No parameters enter.
 * @param x0 (B, T, H, W, C) in [-1, 1]
 * @param mask frames that count, (B, T)
 * @throws UserError for tensors whose shapes do not go together.
 */
export function priorBits(diffusion: GaussianDiffusion, x0: Tensor5D, mask?: Tensor2D): Tensor1D {
  checkInputs('priorBits', diffusion, { x0, masks: { mask } })
  return tf.tidy(() => {
    const last = Array.from({ length: x0.shape[0] }, () => diffusion.numTimesteps - 1)
    const at = diffusion.at(last)
    const mean = tf.mul(column(at, 'sqrtAlphasCumprod'), x0)
    const zero = tf.scalar(0)
    return tf.div(
      meanOverVideo(normalKl(mean, column(at, 'logOneMinusAlphasCumprod'), zero, zero), mask),
      Math.LN2,
    )
  })
}
