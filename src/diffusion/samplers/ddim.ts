import { UserError } from '../../errors.js'
import { expectObject } from '../../expect.js'
import { tf, type Tensor, type Tensor5D } from '../../runtime/tf.js'
import type { Denoised, Sampler } from '../types.js'
import { requireSchedule, type SamplerSchedule } from './sampler-schedule.js'
import { samplerOf } from './sampler.js'

/** What there is to choose about DDIM. */
export interface DdimOptions {
  /** From 0, deterministic (default), to 1, as noisy as ancestral sampling. */
  readonly eta?: number
}

/**
 * DDIM (Song et al. 2020, eq. 12), the noise derived again from the (clipped) guess of x_0.
 * @param schedule of the diffusion process that is walked back: `diffusion.schedule`
 * @throws UserError for something else, or an `eta` outside its range.
 */
export function ddimSampler(schedule: SamplerSchedule, options: DdimOptions = {}): Sampler {
  requireSchedule('ddimSampler', schedule)
  expectObject('ddimSampler takes options with eta', options, {})
  const { eta = 0 } = options
  if (!(eta >= 0 && eta <= 1))
    throw new UserError(`ddimSampler takes as eta a number from 0 to 1, not ${eta}`)
  return samplerOf({
    name: 'ddim',
    numTimesteps: schedule.numTimesteps,
    numCarried: 0,
    weights: (t) => {
      const { xStart, xT, noise } = ddimWeights(schedule, t, eta)
      return [xStart, xT, noise]
    },
    update: ([x], denoised, weights, noise) => {
      const [xStart, xT, scale] = tf.unstack(weights) as [Tensor, Tensor, Tensor]
      return [ddimStep(x, denoised, { xStart, xT, noise: scale }, eta === 0 ? undefined : noise())]
    },
  })
}

/** x_{t-1} from x_t and what was seen there, with standard-normal noise unless its weight is zero. */
export function ddimStep(
  x: Tensor5D,
  { predXStart }: Pick<Denoised, 'predXStart'>,
  weights: DdimWeights<Tensor | number>,
  noise: Tensor5D | undefined,
): Tensor5D {
  return tf.tidy(() => {
    const next: Tensor5D = tf.add(tf.mul(predXStart, weights.xStart), tf.mul(x, weights.xT))
    return noise ? tf.add(next, tf.mul(noise, weights.noise)) : next
  })
}

/** What x_{t-1} is made of. */
export interface DdimWeights<N = number> {
  readonly xStart: N
  readonly xT: N
  readonly noise: N
}

/** Weights of x_0, x_t and fresh noise in x_{t-1}, in float64; sigma as in eq. 16, which is 0 at t = 0. */
export function ddimWeights(schedule: SamplerSchedule, t: number, eta: number): DdimWeights {
  const alphaBar = schedule.alphasCumprod[t] ?? NaN
  const alphaBarPrev = schedule.alphasCumprodPrev[t] ?? NaN
  const sigma = eta * Math.sqrt((1 - alphaBarPrev) / (1 - alphaBar)) * Math.sqrt(1 - alphaBar / alphaBarPrev)
  const direction = Math.sqrt(Math.max(1 - alphaBarPrev - sigma ** 2, 0))
  // eps = (x_t - sqrt(alphaBar) x_0) / sqrt(1 - alphaBar), put into eq. 12.
  const xT = direction / Math.sqrt(1 - alphaBar)
  return { xStart: Math.sqrt(alphaBarPrev) - xT * Math.sqrt(alphaBar), xT, noise: sigma }
}
