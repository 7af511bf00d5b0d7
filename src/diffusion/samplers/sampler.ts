import { tf } from '../../runtime/tf.js'
import type { Sampler, SamplerStep } from '../types.js'
import { requireStep } from './require-step.js'
import { walk } from './walk.js'

/**
 * A sampler made of its step, which walks by itself: `sampleVideo` needs the step alone.
 * @throws UserError for something that is no step.
 */
export function samplerOf(step: SamplerStep): Sampler {
  requireStep('samplerOf takes a step with name, numTimesteps, numCarried, weights and update', step)
  const { weights, update } = step
  return {
    ...step,
    sample: (run) =>
      walk(step, run, (state, t) => {
        const [x] = state
        const numbers = weights(t)
        const noise = () => (numbers.at(-1) === 0 ? tf.zerosLike(x) : run.noise(t))
        return update(state, run.denoise(x, t), tf.tensor1d([...numbers]), noise)
      }),
  }
}
