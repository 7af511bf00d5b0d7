import { recordsForXla } from '../runtime/compile.js'
import { tf, type Tensor2D, type Tensor3D } from '../runtime/tf.js'

/** From as many places on a sum is worth two steps. */
const MANY = 256

/**
 * The sum of each channel over the places of a row. Where there are many, in two steps, of about as many terms each:
 * on GPUs TensorFlow has one thread for each sum of this kind, and rows times channels are too few to keep one busy.
 * WebAssembly is faster at that too; XLA is not.
 * @param x (N, M, C)
 * @returns (N, C)
 */
export function sumOverPlaces(x: Tensor3D): Tensor2D {
  const [rows, places, channels] = x.shape
  const terms = places < MANY || recordsForXla() ? places : divisorNearRoot(places)
  const partial: Tensor2D = tf.sum(tf.reshape(x, [rows, terms, (places / terms) * channels]), 1)
  return terms === places ? partial : tf.sum(tf.reshape(partial, [rows, places / terms, channels]), 1)
}

/** The mean of each channel over the places of a row, (N, M, C) to (N, C). */
export function meanOverPlaces(x: Tensor3D): Tensor2D {
  return tf.div(sumOverPlaces(x), x.shape[1])
}

/** The largest divisor that is not above the square root; the number itself if it has none but 1. */
function divisorNearRoot(n: number): number {
  let divisor = Math.floor(Math.sqrt(n))
  while (n % divisor !== 0) divisor--
  return divisor === 1 ? n : divisor
}
