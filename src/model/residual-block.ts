import { conv1x1, conv3x3 } from '../nn/conv.js'
import { groupNorm } from '../nn/group-norm.js'
import { linear } from '../nn/linear.js'
import { takeRows } from '../nn/rows.js'
import type { Scope } from '../nn/scope.js'
import { silu } from '../nn/silu.js'
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor3D, type Tensor4D } from '../runtime/tf.js'

export interface ResidualContext {
  /** Frames per video: rows of x that share a video's embedding. */
  readonly frames: number
  /** Which frames the rows of x are, as b * T + t: (N), int32. None: all, in their order. */
  readonly rows?: Tensor1D | undefined
  /** Time embedding, (B, 4ch). */
  readonly embedding: Tensor2D
  /** Whether the embedding scales and shifts the normalised features, or is added before. */
  readonly scaleShift: boolean
  /** Zeroes some values in training; leaves them alone otherwise. */
  readonly dropout: (x: Tensor4D) => Tensor4D
}

/**
 * @param x (B*T or N, H, W, in)
 * @returns (B*T or N, H, W, out)
 */
export function residualBlock(x: Tensor4D, layer: Scope, context: ResidualContext): Tensor4D {
  const projected = linear(silu(context.embedding), layer.at('emb_layers').at('1'))
  const ofAllFrames = repeatRows(projected, context.frames)
  const embedding = context.rows ? takeRows(ofAllFrames, context.rows) : ofAllFrames
  const [inLayers, outLayers] = [layer.at('in_layers'), layer.at('out_layers')]
  const h = conv3x3(normalizeAndActivate(x, inLayers.at('0')), inLayers.at('2'))
  const conditioned = context.scaleShift
    ? normalizeAndActivate(h, outLayers.at('0'), embedding)
    : normalizeAndActivate(tf.add(h, expandPlaces(embedding)), outLayers.at('0'))
  const skip = x.shape[3] === h.shape[3] ? x : conv1x1(x, layer.at('skip_connection'))
  return tf.add(skip, conv3x3(context.dropout(conditioned), outLayers.at('3')))
}

/**
 * silu(norm(x) (1 + scale) + shift): the scale and shift of a row are folded into the norm's own.
 * @param scaleShift (N, 2C), scale first; none: plain norm
 */
export function normalizeAndActivate(x: Tensor4D, norm: Scope, scaleShift?: Tensor): Tensor4D {
  const [rows, height, width, channels] = x.shape
  let gamma: Tensor = tf.expandDims(norm.get('weight'), 0)
  let beta: Tensor = tf.expandDims(norm.get('bias'), 0)
  if (scaleShift) {
    const [scale, shift] = tf.split(scaleShift, 2, 1) as [Tensor, Tensor]
    const factor = tf.add(scale, 1)
    beta = tf.add(tf.mul(beta, factor), shift)
    gamma = tf.mul(gamma, factor)
  }
  const flat: Tensor3D = tf.reshape(x, [rows, height * width, channels])
  return tf.reshape(groupNorm(flat, gamma, beta, 'silu'), x.shape)
}

/** One row per video to one row per frame: (B, C) to (B*T, C). */
function repeatRows(x: Tensor, frames: number): Tensor2D {
  const [batch = 0, channels = 0] = x.shape
  return tf.reshape(tf.broadcastTo(tf.expandDims(x, 1), [batch, frames, channels]), [
    batch * frames,
    channels,
  ])
}

const expandPlaces = (x: Tensor2D): Tensor4D => tf.reshape(x, [x.shape[0], 1, 1, x.shape[1]])
