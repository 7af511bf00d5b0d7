import type { Schedule } from '../diffusion/schedule.js'
import type { Denoiser, Sampler } from '../diffusion/types.js'
import { tf, type Tensor5D } from '../runtime/tf.js'

/**
 * How far a sampler without noise ends from where the differential equation leads, for data whose solution is known:
 * every value of x_0 from N(0, deviation^2), of which the exact E[x_0 | x_t] is the guess. The equation keeps each
 * value's quantile, so that samplers change the deviation of samples, and nothing else.
 * @param sampler of the steps of `schedule`, and without noise
 * @returns the deviation of samples next to that of the data, less 1: 0 if exact
 */
export async function normalDataError(
  sampler: Sampler,
  { numTimesteps, alphasCumprod }: Schedule,
  deviation: number,
): Promise<number> {
  const varianceAt = (t: number) => {
    const alphaBar = alphasCumprod[t] ?? NaN
    return alphaBar * deviation ** 2 + 1 - alphaBar
  }
  const denoise: Denoiser = (x, t) => {
    const gain = (Math.sqrt(alphasCumprod[t] ?? NaN) * deviation ** 2) / varianceAt(t)
    return { predXStart: tf.mul(x, gain), mean: tf.zerosLike(x), logVariance: tf.zerosLike(x) }
  }
  // One deviation of x_T: one of x_0 is where it is to end.
  const start: Tensor5D = tf.tensor5d([Math.sqrt(varianceAt(numTimesteps - 1))], [1, 1, 1, 1, 1])
  const noise = () => {
    throw new Error(`${sampler.name} draws noise: where it ends is not known`)
  }
  const end = await sampler.sample({ denoise, start, noise })
  const [value = NaN] = end.dataSync()
  tf.dispose([start, end])
  return value / deviation - 1
}
