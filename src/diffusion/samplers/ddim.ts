import { tf, type Tensor5D } from '../../runtime/tf.js'
import type { Schedule } from '../schedule.js'
import type { Denoised, Sampler } from '../types.js'
import { walk } from './walk.js'

/**
 * DDIM (Song et al. 2020, eq. 12), the noise derived again from the (clipped) guess of x_0.
 * @param eta 0: deterministic; 1: as noisy as ancestral sampling
 */
export function ddimSampler(schedule: Schedule, eta: number): Sampler {
  return {
    name: 'ddim',
    sample: (run) =>
      walk(schedule.numTimesteps, run, (x, t) => {
        const weights = ddimWeights(schedule, t, eta)
        return ddimStep(x, run.denoise(x, t), weights, weights.noise === 0 ? undefined : run.noise(t))
      }),
  }
}

/** x_{t-1} from x_t and what was seen there, with standard-normal noise where its weight is not zero. */
export function ddimStep(
  x: Tensor5D,
  { predXStart }: Pick<Denoised, 'predXStart'>,
  weights: DdimWeights,
  noise: Tensor5D | undefined,
): Tensor5D {
  return tf.tidy(() => {
    const next: Tensor5D = tf.add(tf.mul(predXStart, weights.xStart), tf.mul(x, weights.xT))
    return noise ? tf.add(next, tf.mul(noise, weights.noise)) : next
  })
}

/** What x_{t-1} is made of. */
export interface DdimWeights {
  readonly xStart: number
  readonly xT: number
  readonly noise: number
}

/** Weights of x_0, x_t and fresh noise in x_{t-1}, in float64. */
export function ddimWeights(schedule: Schedule, t: number, eta: number): DdimWeights {
  const alphaBar = schedule.alphasCumprod[t] ?? NaN
  const alphaBarPrev = schedule.alphasCumprodPrev[t] ?? NaN
  const sigma = eta * Math.sqrt((1 - alphaBarPrev) / (1 - alphaBar)) * Math.sqrt(1 - alphaBar / alphaBarPrev)
  const direction = Math.sqrt(Math.max(1 - alphaBarPrev - sigma ** 2, 0))
  // eps = (x_t - sqrt(alphaBar) x_0) / sqrt(1 - alphaBar), put into eq. 12.
  const xT = direction / Math.sqrt(1 - alphaBar)
  return { xStart: Math.sqrt(alphaBarPrev) - xT * Math.sqrt(alphaBar), xT, noise: t === 0 ? 0 : sigma }
}
