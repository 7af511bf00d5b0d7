import { tf, type Tensor, type Tensor1D, type Tensor2D } from '../runtime/tf.js'

const LONGEST_PERIOD = 10_000

/**
 * Sinusoidal embedding of the diffusion time (Vaswani et al. 2017, section 3.5): cosines, then sines, and
 * a zero column if `size` is odd. Exact to the last bits of float32, although angles of hundreds of turns
 * are not: the network amplifies an error here more than the rounding of all its layers.
 * @param timesteps (B)
 * @returns (B, size)
 */
export function timestepEmbedding(timesteps: Tensor1D, size: number): Tensor2D {
  const { large, small } = angles(tf.expandDims(timesteps, 1), size)
  const [cosLarge, sinLarge, cosSmall, sinSmall] = [
    tf.cos(large),
    tf.sin(large),
    tf.cos(small),
    tf.sin(small),
  ]
  const cosines = tf.sub(tf.mul(cosLarge, cosSmall), tf.mul(sinLarge, sinSmall))
  const sines = tf.add(tf.mul(sinLarge, cosSmall), tf.mul(cosLarge, sinSmall))
  const embedding = tf.concat([cosines, sines], 1) as Tensor2D
  return size % 2 === 0 ? embedding : tf.pad(embedding, [[0, 0], [0, 1]]) // prettier-ignore
}

/** Adding and subtracting this times a number leaves the upper half of its digits (Dekker 1971). */
const SPLITTER = 2 ** 12 + 1

/**
 * Time times frequency in two parts that add up to it: one of few digits, so that it is exact, and the rest,
 * small enough for its own rounding not to matter.
 * @param time (B, 1)
 */
function angles(time: Tensor, size: number): { readonly large: Tensor; readonly small: Tensor } {
  const half = Math.floor(size / 2)
  const frequencies = Array.from({ length: half }, (_, i) => Math.exp((-Math.log(LONGEST_PERIOD) * i) / half))
  const coarse = frequencies.map(upperHalf)
  const fine = frequencies.map((frequency, i) => frequency - (coarse[i] ?? NaN))
  const row = (values: readonly number[]) => tf.tensor2d(Float32Array.from(values), [1, half])
  const shifted = tf.mul(time, SPLITTER)
  const coarseTime = tf.sub(shifted, tf.sub(shifted, time))
  return {
    large: tf.mul(coarseTime, row(coarse)),
    small: tf.add(tf.mul(time, row(fine)), tf.mul(tf.sub(time, coarseTime), row(coarse))),
  }
}

/** A positive number with the digits left out that an exact product of two in float32 has no room for. */
function upperHalf(value: number): number {
  const unit = 2 ** (Math.floor(Math.log2(value)) - 11)
  return Math.floor(value / unit) * unit
}
