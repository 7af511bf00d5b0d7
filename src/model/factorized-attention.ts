import { attention } from '../nn/attention.js'
import { groupNorm } from '../nn/group-norm.js'
import { linear } from '../nn/linear.js'
import { relativeAttention } from '../nn/relative-attention.js'
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
  /** 0 where a frame may attend to another, hugely negative where not: (B, T, T). */
  readonly attentionBias: Tensor3D
  /** The frames that are still needed after the attention over time, as b * T + t: (N), int32. None: all. */
  readonly rows?: Tensor1D | undefined
  readonly onAttention?: OnAttention | undefined
}

// Far below any logit, so that exp gives exactly 0, yet finite: infinities would turn into NaN in sums.
const FORBIDDEN = -1e30

/**
 * Frames attend to frames with the same `observed or latent` flag, padding to padding, and to no others.
 * @param taken 1 for an observed or latent frame, 0 for padding: (B, T)
 * @returns (B, T, T)
 */
export function attentionBias(taken: Tensor2D): Tensor3D {
  return tf.mul(tf.abs(tf.sub(tf.expandDims(taken, 2), tf.expandDims(taken, 1))), FORBIDDEN)
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
  const qkv = linear(normalized, layer.at('qkv')) as Tensor3D
  const onWeights = onAttention && ((weights: Tensor4D) => onAttention('spatial', tf.mean(weights, 1)))
  return residual(normalized, attention(qkv, heads, onWeights), layer)
}

/**
 * @param x (B*D, T, C). The normalisation's statistics span the frames, padding included, as in the
 *   original; the attention itself never crosses between padding and the rest.
 */
export function temporalAttention(x: Tensor3D, layer: Scope, heads: number, context: FrameContext): Tensor3D {
  const { batch, frames, embedding, distances, attentionBias: bias, onAttention } = context
  const [rows, , channels] = x.shape
  const relative = (role: 'rpe_q' | 'rpe_k' | 'rpe_v') =>
    relativePositions(distances, embedding, layer.at(role).at('rpe_net'))
  const normalized = normalize(x, layer)
  const qkv = linear(normalized, layer.at('qkv'))
  const attended = relativeAttention(
    {
      qkv: tf.reshape(qkv, [batch, rows / batch, frames, 3 * channels]),
      relativeQ: relative('rpe_q'),
      relativeK: relative('rpe_k'),
      relativeV: relative('rpe_v'),
      bias,
    },
    heads,
    onAttention && ((weights) => onAttention('temporal', tf.mean(weights, 1))),
  )
  return residual(normalized, attended, layer)
}

function normalize(x: Tensor3D, layer: Scope): Tensor3D {
  const norm = layer.at('norm')
  return groupNorm(x, tf.expandDims(norm.get('weight'), 0), tf.expandDims(norm.get('bias'), 0), 'none')
}

/** The residual is the normalised input, not the input. */
function residual(normalized: Tensor3D, attended: Tensor, layer: Scope): Tensor3D {
  return tf.add(normalized, tf.reshape(linear(attended, layer.at('proj_out')), normalized.shape))
}
