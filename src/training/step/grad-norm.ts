import { runOperation } from '../../runtime/run-operation.js'
import { tf, type Tensor } from '../../runtime/tf.js'

/** The Euclidean norm of all gradients seen as one vector, as a scalar tensor. */
export function gradNorm(gradients: Iterable<Tensor>): Tensor {
  return tf.tidy(() => tf.mul(tf.addN([...gradients].map(halfSquares)), 2).sqrt())
}

/** Half of the sum of squares: TensorFlow has one operation for it. */
function halfSquares(gradient: Tensor): Tensor {
  return tf.getBackend() === 'tensorflow'
    ? runOperation('L2Loss', [gradient], { T: { type: 'float32' } })
    : tf.mul(gradient.square().sum(), 0.5)
}
