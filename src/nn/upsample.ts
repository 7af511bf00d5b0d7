import { tf, type Tensor4D } from '../runtime/tf.js'

/**
 * Nearest-neighbour upsampling by two. Built from concatenations because their gradients are exact on
 * every backend and compile everywhere, which those of the resize ops do not.
 * @param x (N, H, W, C)
 * @returns (N, 2H, 2W, C)
 */
export function upsampleNearest2x(x: Tensor4D): Tensor4D {
  const [n, h, w, c] = x.shape
  const wide = tf.reshape(tf.concat([x, x], 3), [n, h, 2 * w * c])
  return tf.reshape(tf.concat([wide, wide], 2), [n, 2 * h, 2 * w, c])
}
