import { tf, type Tensor } from '../runtime/tf.js'

/** The Euclidean norm of all gradients seen as one vector, as a scalar tensor. */
export function gradNorm(gradients: Iterable<Tensor>): Tensor {
  return tf.tidy(() => tf.addN([...gradients].map((gradient) => gradient.square().sum())).sqrt())
}
