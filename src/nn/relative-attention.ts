import { tf, type Tensor, type Tensor4D } from '../runtime/tf.js'
import type { OnWeights } from './attention.js'
import { fusedRelativeAttention, hasFusedRelativeAttention } from './fused-relative-attention.js'
import { mergeHeads, splitHeads } from './heads.js'
import type { RelativeAttentionInputs } from './relative-attention-inputs.js'

/**
 * Attention with relative-position vectors Q, K and V (after Shaw et al. 2018): with logits[t, s] =
 * (q_t . (k_s + K[t, s]) + k_s . Q[s, t]) / sqrt(F) + bias[t, s] and weights their softmax over s, the
 * result at t is the sum over s of weights[t, s] (v_s + V[t, s]).
 * @param onWeights told the weights, whose rows are the B*D places; only the form in plain operations has them
 * @returns (B, D, T, C)
 */
export function relativeAttention(
  inputs: RelativeAttentionInputs,
  heads: number,
  onWeights?: OnWeights,
): Tensor4D {
  return !onWeights && hasFusedRelativeAttention()
    ? fusedRelativeAttention(inputs, heads)
    : plainRelativeAttention(inputs, heads, onWeights)
}

/** `relativeAttention` in operations that every backend has. */
export function plainRelativeAttention(
  { qkv, relativeQ, relativeK, relativeV, bias }: RelativeAttentionInputs,
  heads: number,
  onWeights?: OnWeights,
): Tensor4D {
  const [batch, places, frames, width] = qkv.shape
  const rows = batch * places
  const size = width / 3 / heads
  const { q, k, v } = splitHeads(tf.reshape(qkv, [rows, frames, width]), heads) // (B*D, heads, T, F)
  const perHead = (vectors: Tensor4D) =>
    tf.transpose(tf.reshape(vectors, [batch, frames, frames, heads, size]), [0, 3, 1, 2, 4])
  // A relative vector belongs to a pair of frames, so its products run over the places of each frame:
  // (B, heads, T, D, F) times (B, heads, T, S, F).
  const byFrame = (x: Tensor) =>
    tf.transpose(tf.reshape(x, [batch, places, ...x.shape.slice(1)]), [0, 2, 3, 1, 4])
  const keyTerm = tf.matMul(byFrame(q), perHead(relativeK), false, true) // (B, heads, T, D, S)
  const queryTerm = tf.matMul(byFrame(tf.mul(k, size ** -0.5)), perHead(relativeQ), false, true) // (B, heads, S, D, T)
  const logits = tf.addN([
    tf.reshape(tf.matMul(q, k, false, true), [batch, places, heads, frames, frames]),
    tf.transpose(keyTerm, [0, 3, 1, 2, 4]),
    tf.transpose(queryTerm, [0, 3, 1, 4, 2]),
  ])
  const masked = tf.add(logits, tf.reshape(bias, [batch, 1, 1, frames, frames]))
  const weights: Tensor4D = tf.reshape(tf.softmax(masked), [rows, heads, frames, frames])
  onWeights?.(weights)

  const valueTerm = tf.matMul(byFrame(weights), perHead(relativeV)) // (B, heads, T, D, F)
  const relativeValues = tf.reshape(tf.transpose(valueTerm, [0, 3, 1, 2, 4]), v.shape)
  const values = mergeHeads(tf.add(tf.matMul<Tensor>(weights, v), relativeValues))
  return tf.reshape(values, [batch, places, frames, width / 3])
}
