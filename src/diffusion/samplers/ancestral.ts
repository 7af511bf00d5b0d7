import { tf, type Tensor5D } from '../../runtime/tf.js'
import type { Denoised, Sampler } from '../types.js'
import { requireSchedule, type SamplerSchedule } from './sampler-schedule.js'
import { samplerOf } from './sampler.js'

/**
 * Ancestral sampling (Ho et al. 2020, algorithm 2): draws x_{t-1} from p(x_{t-1} | x_t), step by step;
 * no noise at the last one.
 * @param schedule of the diffusion process that is walked back: `diffusion.schedule`
 * @throws UserError for something else.
 */
export function ancestralSampler(schedule: SamplerSchedule): Sampler {
  requireSchedule('ancestralSampler', schedule)
  return samplerOf({
    name: 'ancestral',
    numTimesteps: schedule.numTimesteps,
    numCarried: 0,
    weights: (t) => [t === 0 ? 0 : 1],
    update: (_, denoised, weight, noise) => [ancestralStep(denoised, tf.mul(noise(), weight))],
  })
}

/** x_{t-1} from what was seen at x_t, with standard-normal noise of its shape or, at t = 0, none. */
export function ancestralStep({ mean, logVariance }: Denoised, noise: Tensor5D | undefined): Tensor5D {
  if (!noise) return mean
  return tf.tidy(() => tf.add(mean, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), noise)))
}
