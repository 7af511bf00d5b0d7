import { runOperation } from '../runtime/run-operation.js'
import { tf, type Tensor, type Tensor1D } from '../runtime/tf.js'
import { withGradient } from './with-gradient.js'

/**
 * Some of the rows of a tensor.
 * @param x (R, ...)
 * @param rows which, (N) int32 in [0, R), each at most once
 * @returns (N, ...)
 */
export function takeRows<T extends Tensor>(x: T, rows: Tensor1D): T {
  const count = x.shape[0]
  return linearIn(x, rows, gather, (dy, indices) => scatter(dy, indices, count))
}

/**
 * Puts rows back to where `takeRows` took them from; the others are zero.
 * @param x (N, ...)
 * @param rows (N), as there
 * @param count R: rows of the result
 * @returns (R, ...)
 */
export function putRows<T extends Tensor>(x: T, rows: Tensor1D, count: number): T {
  return linearIn(x, rows, (value, indices) => scatter(value, indices, count), gather)
}

type OnRows = (x: Tensor, rows: Tensor1D) => Tensor

/** A map of rows, whose gradient is the map back. */
function linearIn<T extends Tensor>(x: T, rows: Tensor1D, forward: OnRows, backward: OnRows): T {
  return withGradient<Tensor>(
    [x],
    ([value = x]) => ({ value: forward(value, rows), kept: [rows] }),
    (dy, [kept]) => [backward(dy, kept as Tensor1D)],
  ) as T
}

/** On TensorFlow not the library's, which reads the indices back to the host to check them. */
function gather(x: Tensor, rows: Tensor1D): Tensor {
  if (tf.getBackend() !== 'tensorflow') return tf.gather(x, rows)
  const attributes = { Tparams: FLOAT, Tindices: INT, Taxis: INT, batch_dims: 0 }
  return runOperation('GatherV2', [x, rows, tf.scalar(0, 'int32')], attributes)
}

/**
 * On TensorFlow as a sum by segments, of which each has one row at most: its operation for scattering has one thread
 * on a GPU for a whole row.
 */
function scatter(x: Tensor, rows: Tensor1D, count: number): Tensor {
  if (tf.getBackend() !== 'tensorflow')
    return tf.scatterND(tf.expandDims(rows, 1), x, [count, ...x.shape.slice(1)])
  const attributes = { T: FLOAT, Tindices: INT, Tnumsegments: INT }
  return runOperation('UnsortedSegmentSum', [x, rows, tf.scalar(count, 'int32')], attributes)
}

const FLOAT = { type: 'float32' } as const
const INT = { type: 'int32' } as const
