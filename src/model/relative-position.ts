import { linear } from '../nn/linear.js'
import type { Scope } from '../nn/scope.js'
import { silu } from '../nn/silu.js'
import { tf, type Tensor, type Tensor2D, type Tensor4D } from '../runtime/tf.js'

/**
 * What the relative-position networks are told of d = frame t - frame s: how far ahead, how far behind
 * (both ln(1 + distance)), and whether it is the same frame.
 * @param frameIndices (B, T), int32
 * @returns (B, T, T, 3)
 */
export function distanceFeatures(frameIndices: Tensor2D): Tensor4D {
  const frames = tf.cast(frameIndices, 'float32')
  const d = tf.sub(tf.expandDims(frames, 2), tf.expandDims(frames, 1))
  const same = tf.cast(tf.equal(d, 0), 'float32')
  return tf.stack([tf.log1p(tf.relu(d)), tf.log1p(tf.relu(tf.neg(d))), same], 3) as Tensor4D
}

/**
 * R, the relative-position vectors of one role (q, k or v). They depend on the frames' distances and on
 * the diffusion time, not on the place in the picture, so they are computed once per call.
 * @param features (B, T, T, 3)
 * @param embedding time embedding, (B, 4ch)
 * @returns (B, T, T, C)
 */
export function relativePositions(features: Tensor4D, embedding: Tensor2D, net: Scope): Tensor4D {
  const time = tf.expandDims(tf.expandDims(linear(embedding, net.at('embed_diffusion_time')), 1), 1)
  const hidden = tf.add(time, linear(features, net.at('embed_distances')))
  return linear(silu<Tensor>(hidden), net.at('out')) as Tensor4D
}
