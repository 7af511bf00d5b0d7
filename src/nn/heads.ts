import { tf, type Tensor, type Tensor3D } from '../runtime/tf.js'

/** Queries, keys and values by head, each (rows, heads, L, F), the queries scaled by F^-1/2. */
export interface Heads {
  readonly q: Tensor
  readonly k: Tensor
  readonly v: Tensor
}

/**
 * Splits the output of the qkv layer into heads.
 * @param qkv (rows, L, 3C), the last axis laid out as (3, heads, F)
 */
export function splitHeads(qkv: Tensor, heads: number): Heads {
  const [rows = 0, length = 0, width = 0] = qkv.shape
  const size = width / 3 / heads
  const perHead = (part: Tensor) => tf.transpose(tf.reshape(part, [rows, length, heads, size]), [0, 2, 1, 3])
  const [q, k, v] = tf.split(qkv, 3, 2).map(perHead) as [Tensor, Tensor, Tensor]
  return { q: tf.mul(q, size ** -0.5), k, v }
}

/** Back to one vector per element: (rows, heads, L, F) to (rows, L, C). */
export function mergeHeads(x: Tensor): Tensor3D {
  const [rows = 0, heads = 0, length = 0, size = 0] = x.shape
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [rows, length, heads * size])
}
