import { hasProcessorOperation } from '../runtime/native-extension.js'
import { runOperation } from '../runtime/run-operation.js'
import { tf, type Tensor, type Tensor4D } from '../runtime/tf.js'

/**
 * Nearest-neighbour upsampling by two.
 * @param x (N, H, W, C)
 * @returns (N, 2H, 2W, C)
 */
export function upsampleNearest2x(x: Tensor4D): Tensor4D {
  return hasProcessorOperation('ResizeNearestNeighborGrad') ? resized(x) : concatenated(x)
}

/**
 * TensorFlow's own operations: both directions read and write each number once. On processors alone: the
 * gradient has no form for XLA, and on GPUs its sums come out in any order.
 */
function resized(x: Tensor4D): Tensor4D {
  const [, h, w] = x.shape
  const resize = tf.customGrad((input) => ({
    value: runOperation('ResizeNearestNeighbor', [input as Tensor, size(2 * h, 2 * w)], ATTRIBUTES),
    gradFunc: (dy: Tensor) => runOperation('ResizeNearestNeighborGrad', [dy, size(h, w)], ATTRIBUTES),
  }))
  return resize(x) as Tensor4D
}

const ATTRIBUTES = { T: { type: 'float32' }, align_corners: false, half_pixel_centers: false } as const

const size = (height: number, width: number) => tf.tensor1d([height, width], 'int32')

/** Concatenations, because their gradients are exact on every backend and compile everywhere. */
function concatenated(x: Tensor4D): Tensor4D {
  const [n, h, w, c] = x.shape
  const wide = tf.reshape(tf.concat([x, x], 3), [n, h, 2 * w * c])
  return tf.reshape(tf.concat([wide, wide], 2), [n, 2 * h, 2 * w, c])
}
