import { tf, type Tensor5D } from '../../runtime/tf.js'
import type { SamplerRun } from '../types.js'

/**
 * Goes from x_T to x_0 one step after the other. Owns every tensor in between; between steps other work
 * of the process gets its turn, so that a signal can stop a long walk.
 * @param step x_t to x_{t-1}; may leave temporaries behind
 * @returns x_0, which the caller owns
 */
export async function walk(
  numTimesteps: number,
  { start, onStep }: Pick<SamplerRun, 'start' | 'onStep'>,
  step: (x: Tensor5D, t: number) => Tensor5D,
): Promise<Tensor5D> {
  let x: Tensor5D = tf.clone(start)
  try {
    for (let t = numTimesteps - 1; t >= 0; t--) {
      const current = x
      x = tf.tidy(() => step(current, t))
      tf.dispose(current)
      onStep?.(numTimesteps - t, numTimesteps)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return x
  } catch (error) {
    tf.dispose(x)
    throw error
  }
}
