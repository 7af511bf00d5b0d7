import { mergeHeads, splitHeads } from '../nn/attention.js'
import { groupNorm } from '../nn/group-norm.js'
import { linear } from '../nn/linear.js'
import { takeRows } from '../nn/rows.js'
import type { Scope } from '../nn/scope.js'
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, type Tensor4D } from '../runtime/tf.js'
import { relativePositions } from './relative-position.js'

/** Head-averaged attention weights of one layer, (rows, L, L): rows are B*D places, or B*T frames. */
export type OnAttention = (layer: 'temporal' | 'spatial', weights: Tensor3D) => void

/** What the temporal layers need beside the features; the same for all of them. */
export interface FrameContext {
  readonly batch: number
  readonly frames: number
  /** Time embedding, (B, 4ch). */
  readonly embedding: Tensor2D
  /** What relative positions are computed from, (B, T, T, 3). */
  readonly distances: Tensor4D
  /** 0 where a frame may attend to another, hugely negative where not: (B, 1, 1, T, T). */
  readonly attentionBias: Tensor
  /** The frames that are still needed after the attention over time, as b * T + t: (N), int32. None: all. */
  readonly rows?: Tensor1D | undefined
  readonly onAttention?: OnAttention | undefined
}

// Far below any logit, so that exp gives exactly 0, yet finite: infinities would turn into NaN in sums.
const FORBIDDEN = -1e30

/**
 * Frames attend to frames with the same `observed or latent` flag, padding to padding, and to no others.
 * @param taken 1 for an observed or latent frame, 0 for padding: (B, T)
 * @returns (B, 1, 1, T, T)
 */
export function attentionBias(taken: Tensor2D): Tensor {
  const [batch, frames] = taken.shape
  const different = tf.abs(tf.sub(tf.expandDims(taken, 2), tf.expandDims(taken, 1)))
  return tf.reshape(tf.mul(different, FORBIDDEN), [batch, 1, 1, frames, frames])
}

/**
 * Attention over time at every place, then over space in every frame.
 * @param x (B*T, H, W, C)
 * @returns the same, or (N, H, W, C) of the frames still needed
 */
export function factorizedAttention(
  x: Tensor4D,
  layer: Scope,
  heads: number,
  context: FrameContext,
): Tensor4D {
  const [rows, height, width, channels] = x.shape
  const { batch, frames, rows: needed } = context
  const places = height * width
  const swapped = tf.transpose(tf.reshape(x, [batch, frames, places, channels]), [0, 2, 1, 3])
  const overTime: Tensor3D = tf.reshape(swapped, [batch * places, frames, channels])
  const attended = temporalAttention(overTime, layer.at('temporal_attention'), heads, context)
  const swappedBack = tf.transpose(tf.reshape(attended, [batch, places, frames, channels]), [0, 2, 1, 3])
  const overSpace: Tensor3D = tf.reshape(swappedBack, [rows, places, channels])
  const remaining = needed ? takeRows(overSpace, needed) : overSpace
  const result = spatialAttention(remaining, layer.at('spatial_attention'), heads, context.onAttention)
  return tf.reshape(result, [remaining.shape[0], height, width, channels])
}

/** @param x (B*T, D, C) */
function spatialAttention(x: Tensor3D, layer: Scope, heads: number, onAttention?: OnAttention): Tensor3D {
  const normalized = normalize(x, layer)
  const { q, k, v } = splitHeads(linear(normalized, layer.at('qkv')), heads)
  const weights: Tensor4D = tf.softmax(tf.matMul(q, k, false, true))
  onAttention?.('spatial', tf.mean(weights, 1))
  return residual(normalized, tf.matMul(weights, v), layer)
}

/**
 * @param x (B*D, T, C). The normalisation's statistics span the frames, padding included, as in the
 *   original; the attention itself never crosses between padding and the rest.
 */
export function temporalAttention(x: Tensor3D, layer: Scope, heads: number, context: FrameContext): Tensor3D {
  const { batch, frames, embedding, distances } = context
  const rows = x.shape[0]
  const headSize = x.shape[2] / heads
  const scale = headSize ** -0.5
  const relative = (role: 'rpe_q' | 'rpe_k' | 'rpe_v') => {
    const positions = relativePositions(distances, embedding, layer.at(role).at('rpe_net'))
    const perHead = tf.reshape(positions, [batch, frames, frames, heads, headSize])
    return tf.transpose(perHead, [0, 3, 1, 2, 4]) // (B, heads, T, S, F)
  }

  const normalized = normalize(x, layer)
  const { q, k, v } = splitHeads(linear(normalized, layer.at('qkv')), heads)
  // A relative vector belongs to a pair of frames, so its products run over the places of each frame:
  // (B, heads, T, D, F) times (B, heads, T, S, F).
  const byFrame = (x: Tensor) =>
    tf.transpose(tf.reshape(x, [batch, rows / batch, ...x.shape.slice(1)]), [0, 2, 3, 1, 4])
  const keyTerm = tf.matMul(byFrame(q), relative('rpe_k'), false, true) // (B, heads, T, D, S)
  const queryTerm = tf.matMul(byFrame(tf.mul(k, scale)), relative('rpe_q'), false, true) // (B, heads, S, D, T)
  const logits = tf.addN([
    tf.reshape(tf.matMul(q, k, false, true), [batch, rows / batch, heads, frames, frames]),
    tf.transpose(keyTerm, [0, 3, 1, 2, 4]),
    tf.transpose(queryTerm, [0, 3, 1, 4, 2]),
  ])
  const masked = tf.add(logits, context.attentionBias)
  const weights: Tensor4D = tf.reshape(tf.softmax(masked), [rows, heads, frames, frames])
  context.onAttention?.('temporal', tf.mean(weights, 1))

  const valueTerm = tf.matMul(byFrame(weights), relative('rpe_v')) // (B, heads, T, D, F)
  const relativeValues = tf.reshape(tf.transpose(valueTerm, [0, 3, 1, 2, 4]), v.shape)
  return residual(normalized, tf.add(tf.matMul(weights, v), relativeValues), layer)
}

function normalize(x: Tensor3D, layer: Scope): Tensor3D {
  const norm = layer.at('norm')
  return groupNorm(x, tf.expandDims(norm.get('weight'), 0), tf.expandDims(norm.get('bias'), 0), 'none')
}

/** The residual is the normalised input, not the input. */
function residual(normalized: Tensor3D, heads: Tensor, layer: Scope): Tensor3D {
  return tf.add(normalized, linear(mergeHeads(heads), layer.at('proj_out')))
}
