import { tf, type Tensor, type Tensor3D } from '../runtime/tf.js'
import { type Activation, EPSILON, GROUPS } from './group-norm-settings.js'
import { silu } from './silu.js'
import { withGradient } from './with-gradient.js'

/**
 * `groupNorm` of plain operations, for every backend.
 *
 * Forward and backward are written out here rather than left to the tape: in single operations this is
 * where most of the memory traffic of the network is, and half of what the tape would record is not needed.
 */
export function plainGroupNorm(x: Tensor3D, gamma: Tensor, beta: Tensor, activation: Activation): Tensor3D {
  return withGradient<Tensor3D>(
    [x, gamma, beta],
    (inputs) => {
      const [features, scale, shift] = inputs as [Tensor3D, Tensor, Tensor]
      const { normalized, rstd } = standardize(features)
      const affine: Tensor3D = tf.add(tf.mul(normalized, perPlace(scale)), perPlace(shift))
      const kept = [normalized, rstd, scale]
      return activation === 'silu'
        ? { value: silu(affine), kept: [...kept, affine] }
        : { value: affine, kept }
    },
    (dy, kept) => {
      const [xHat, inverse, gain, u] = kept as [Tensor3D, Tensor3D, Tensor, Tensor3D | undefined]
      return backward(u ? siluGradient(dy, u) : dy, xHat, inverse, gain)
    },
  )
}

/** Zero mean and unit variance per row and group. `rstd` is per row and channel, (N, 1, C). */
function standardize(x: Tensor3D): { normalized: Tensor3D; rstd: Tensor3D } {
  const centred: Tensor3D = tf.sub(x, perGroup(tf.mean(x, 1)))
  const variance = perGroup(tf.mean(tf.square(centred), 1))
  const rstd: Tensor3D = tf.rsqrt(tf.add(variance, EPSILON))
  return { normalized: tf.mul(centred, rstd), rstd }
}

/**
 * With xHat the normalised features and g = dy * gamma, averaging over a row's group:
 * dx = rstd (g - mean(g) - xHat mean(g xHat)).
 */
function backward(dy: Tensor3D, xHat: Tensor3D, rstd: Tensor3D, gamma: Tensor): Tensor[] {
  const places = xHat.shape[1]
  const dBeta = tf.sum(dy, 1)
  const dGamma = tf.sum(tf.mul(dy, xHat), 1)
  const meanG = perGroup(tf.div(tf.mul(dBeta, gamma), places))
  const meanGxHat = perGroup(tf.div(tf.mul(dGamma, gamma), places))
  const dx = tf.sub(
    tf.mul(dy, tf.mul(perPlace(gamma), rstd)),
    tf.add(tf.mul(xHat, tf.mul(meanGxHat, rstd)), tf.mul(meanG, rstd)),
  )
  const rows =
    gamma.shape[0] === 1 ? (gradient: Tensor) => tf.sum(gradient, 0, true) : (gradient: Tensor) => gradient
  return [dx, rows(dGamma), rows(dBeta)]
}

/** The mean of each group of channels, at every channel of the group: (N, C) to (N, 1, C). */
function perGroup(perChannel: Tensor): Tensor3D {
  const channels = perChannel.shape[1] ?? 0
  const grouped = tf.reshape(perChannel, [-1, GROUPS, channels / GROUPS])
  const means = tf.mean(grouped, 2, true)
  return tf.reshape(tf.broadcastTo(means, grouped.shape), [-1, 1, channels])
}

const perPlace = (perRow: Tensor): Tensor3D => tf.expandDims(perRow, 1)

function siluGradient(dy: Tensor, u: Tensor3D): Tensor3D {
  const s = tf.sigmoid(u)
  return tf.mul(dy, tf.mul(s, tf.add(1, tf.mul(u, tf.sub(1, s)))))
}
