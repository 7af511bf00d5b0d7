import { tf, type Tensor, type Tensor3D, type Tensor4D } from '../runtime/tf.js'
import { fusedAttention, hasFusedAttention } from './fused-attention.js'
import { mergeHeads, splitHeads } from './heads.js'

/** Receives the attention weights of each head, (rows, heads, L, L). */
export type OnWeights = (weights: Tensor4D) => void

/**
 * softmax(q k^T / sqrt(F)) v for each head of F features (Vaswani et al. 2017, eq. 1).
 * @param qkv (rows, L, 3C), the last axis laid out as (3, heads, F)
 * @param onWeights told the weights, which only the form in plain operations has
 * @returns (rows, L, C)
 */
export function attention(qkv: Tensor3D, heads: number, onWeights?: OnWeights): Tensor3D {
  return !onWeights && hasFusedAttention()
    ? fusedAttention(qkv, heads)
    : plainAttention(qkv, heads, onWeights)
}

/** `attention` in operations that every backend has. */
export function plainAttention(qkv: Tensor3D, heads: number, onWeights?: OnWeights): Tensor3D {
  const { q, k, v } = splitHeads(qkv, heads)
  const weights: Tensor4D = tf.softmax(tf.matMul(q, k, false, true))
  onWeights?.(weights)
  return mergeHeads(tf.matMul<Tensor>(weights, v))
}
