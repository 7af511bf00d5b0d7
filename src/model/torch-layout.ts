import { tf, type Tensor } from '../runtime/tf.js'

/**
 * Between PyTorch's layout of a parameter, (out, in, kh, kw) or (out, in), and the one it is held in here,
 * (kh, kw, in, out) or (in, out). Vectors are the same in both.
 */
export function fromTorchLayout(values: Float32Array, shape: readonly number[]): Tensor {
  return tf.tidy(() => permuted(tf.tensor(values, [...shape]), FROM_TORCH))
}

/** The values of a parameter in PyTorch's layout, C order. Reads them back to the host. */
export function toTorchLayout(parameter: Tensor): Float32Array {
  const moved = permuted(parameter, TO_TORCH)
  // Not inside a tidy: it would look at every number of the result in search of tensors.
  const values = moved.dataSync<'float32'>()
  if (moved !== parameter) moved.dispose()
  return values
}

type Permutations = Readonly<Record<number, number[]>>
const FROM_TORCH: Permutations = { 4: [2, 3, 1, 0], 2: [1, 0] }
const TO_TORCH: Permutations = { 4: [3, 2, 0, 1], 2: [1, 0] }

function permuted(tensor: Tensor, permutations: Permutations): Tensor {
  const permutation = permutations[tensor.rank]
  return permutation ? tf.transpose(tensor, permutation) : tensor
}
