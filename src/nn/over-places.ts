import { recordsForXla } from '../runtime/compile.js'
import { tf, type Tensor, type Tensor2D, type Tensor3D } from '../runtime/tf.js'

/** From as many places, and numbers in all, on a sum is worth two steps. */
const MANY_PLACES = 256
const MANY_NUMBERS = 2 ** 20

/**
 * The sum of each channel over the places of a row. Where there is much to add, in two steps, of about as many terms
 * each: on GPUs TensorFlow has one thread for each sum of this kind, and rows times channels are too few to keep one
 * busy. WebAssembly is faster at that too; XLA is not.
 * @param x (N, M, C)
 * @returns (N, C)
 */
export function sumOverPlaces(x: Tensor3D): Tensor2D {
  return inSteps(x, (terms) => tf.sum(terms, 1))
}

/** The mean of each channel over the places of a row, in the same way. */
export function meanOverPlaces(x: Tensor3D): Tensor2D {
  return inSteps(x, (terms) => tf.mean(terms, 1))
}

function inSteps(x: Tensor3D, reduce: (terms: Tensor3D) => Tensor): Tensor2D {
  const [rows, places, channels] = x.shape
  const isMuch = places >= MANY_PLACES && x.size >= MANY_NUMBERS && !recordsForXla()
  const terms = isMuch ? divisorNearRoot(places) : places
  if (terms === places) return reduce(x) as Tensor2D
  const rest = places / terms
  const partial = reduce(tf.reshape(x, [rows, terms, rest * channels]))
  return reduce(tf.reshape(partial, [rows, rest, channels])) as Tensor2D
}

/** The largest divisor that is not above the square root; the number itself if it has none but 1. */
function divisorNearRoot(n: number): number {
  let divisor = Math.floor(Math.sqrt(n))
  while (n % divisor !== 0) divisor--
  return divisor === 1 ? n : divisor
}
