import { tf, type Tensor1D, type Tensor2D, type Tensor5D } from '../runtime/tf.js'
import { checkInputs } from './check-inputs.js'
import { discretizedGaussianLogLikelihood, meanOverVideo, normalKl } from './gaussian.js'
import { splitOutput, type GaussianDiffusion } from './gaussian-diffusion.js'
import { column, columnVector, type StepTable } from './step-table.js'
import type { Denoised, Network } from './types.js'

export interface LossInputs {
  /** Clean videos, (B, T, H, W, C) in [-1, 1]. */
  readonly x0: Tensor5D
  /** Standard-normal noise of the same shape. */
  readonly noise: Tensor5D
  /** One step per video, from `diffusion.at`. */
  readonly at: StepTable
  /** Frames that are trained on, (B, T) in {0, 1}. */
  readonly lossMask: Tensor2D
  /** Frames that `eval-mse` looks at, (B, T): the latent ones. */
  readonly evalMask: Tensor2D
}

/** One value per video, (B). Which ones are there depends on the kind of loss. */
export interface Losses {
  readonly loss: Tensor1D
  readonly mse?: Tensor1D
  readonly 'eval-mse'?: Tensor1D
  /** Variational term, in bits. */
  readonly vb?: Tensor1D
}

/**
 * The training losses of a batch. `use_kl`: the variational bound of all frames, times the number of
 * steps. Otherwise the masked squared error (Ho et al. 2020, eq. 14) and, with a learned variance, the
 * variational term with the mean's gradient stopped (Nichol & Dhariwal 2021, eq. 16). The caller owns them.
 * @throws UserError for tensors whose shapes do not go together, or another number of steps than of videos.
 */
export function trainingLosses(diffusion: GaussianDiffusion, network: Network, inputs: LossInputs): Losses {
  const { x0, noise, at: steps, lossMask, evalMask } = inputs
  checkInputs('trainingLosses', diffusion, { x0, noise, masks: { lossMask, evalMask }, steps })
  return tf.tidy(() => ({ ...losses(diffusion, network, inputs) }))
}

function losses(
  diffusion: GaussianDiffusion,
  network: Network,
  { x0, noise, at, lossMask, evalMask }: LossInputs,
): Losses {
  const { config } = diffusion
  const xT = diffusion.qSample(x0, at, noise)
  const output = network(xT, diffusion.networkTimesteps(at))
  if (config.use_kl) {
    const bits = variationalBits(
      diffusion,
      diffusion.interpret(output, xT, at, { clipDenoised: false }),
      x0,
      xT,
      at,
    )
    return { loss: tf.mul(bits, diffusion.numTimesteps) }
  }
  const { prediction, varianceValues } = splitOutput(output, config, x0.shape[4])
  const squaredError: Tensor5D = tf.square(tf.sub(config.predict_xstart ? x0 : noise, prediction))
  const mse = meanOverVideo(squaredError, lossMask)
  const evalMse = meanOverVideo(squaredError, evalMask)
  if (!varianceValues) return { loss: mse, mse, 'eval-mse': evalMse }

  const frozen: Tensor5D = tf.concat([stopGradient(prediction), varianceValues], 4)
  const denoised = diffusion.interpret(frozen, xT, at, { clipDenoised: false })
  const bits = variationalBits(diffusion, denoised, x0, xT, at, lossMask)
  const vb: Tensor1D = config.rescale_learned_sigmas ? tf.mul(bits, diffusion.numTimesteps / 1000) : bits
  return { loss: tf.add(mse, vb), mse, 'eval-mse': evalMse, vb }
}

/**
 * One term of the variational bound, in bits, (B): KL(q(x_{t-1} | x_t, x_0) || p(x_{t-1} | x_t)), or at
 * t = 0 the negative log-likelihood of the pixels (Ho et al. 2020, eq. 5).
 */
export function variationalBits(
  diffusion: GaussianDiffusion,
  denoised: Denoised,
  x0: Tensor5D,
  xT: Tensor5D,
  at: StepTable,
  mask?: Tensor2D,
): Tensor1D {
  const kl = normalKl(
    diffusion.posteriorMean(x0, xT, at),
    column(at, 'posteriorLogVarianceClipped'),
    denoised.mean,
    denoised.logVariance,
  )
  const logScale: Tensor5D = tf.mul(denoised.logVariance, 0.5)
  const logLikelihood = discretizedGaussianLogLikelihood(x0, denoised.mean, logScale)
  const atFirst = columnVector(at, 'isFirstStep')
  const nats = tf.add(
    tf.mul(tf.sub(1, atFirst), meanOverVideo(kl, mask)),
    tf.mul(atFirst, tf.neg(meanOverVideo(logLikelihood, mask))),
  )
  return tf.div(nats, Math.LN2)
}

/** The same values, through which no gradient flows. */
function stopGradient(x: Tensor5D): Tensor5D {
  const stop = tf.customGrad((value) => ({
    value: tf.clone(value as Tensor5D),
    gradFunc: (dy: Tensor5D) => tf.zerosLike(dy),
  }))
  return stop(x)
}
