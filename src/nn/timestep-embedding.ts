import { tf, type Tensor1D, type Tensor2D } from '../runtime/tf.js'

const LONGEST_PERIOD = 10_000

/**
 * Sinusoidal embedding of the diffusion time (Vaswani et al. 2017, section 3.5): cosines, then sines, and
 * a zero column if `size` is odd.
 * @param timesteps (B)
 * @returns (B, size)
 */
export function timestepEmbedding(timesteps: Tensor1D, size: number): Tensor2D {
  const half = Math.floor(size / 2)
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.exp((-Math.log(LONGEST_PERIOD) * i) / half),
  )
  const angles: Tensor2D = tf.mul(tf.expandDims(timesteps, 1), tf.tensor2d(frequencies, [1, half]))
  const embedding = tf.concat([tf.cos(angles), tf.sin(angles)], 1)
  const padding: [number, number][] = [
    [0, 0],
    [0, size % 2],
  ]
  return size % 2 === 0 ? embedding : tf.pad(embedding, padding)
}
