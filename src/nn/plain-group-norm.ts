import { tf, type Tensor, type Tensor3D } from '../runtime/tf.js'
import { type Activation, EPSILON, GROUPS } from './group-norm-settings.js'
import { meanOverPlaces, sumOverPlaces } from './over-places.js'
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
      const { mean, rstd } = statistics(features)
      // Of both maps one: a product and a sum of each number.
      const slope = tf.mul(rstd, perPlace(scale))
      const affine: Tensor3D = tf.add(tf.mul(features, slope), tf.sub(perPlace(shift), tf.mul(mean, slope)))
      const kept = [features, mean, rstd, scale]
      return activation === 'silu'
        ? { value: silu(affine), kept: [...kept, affine] }
        : { value: affine, kept }
    },
    (dy, kept) => {
      const [features, mean, rstd, scale, u] = kept as [Tensor3D, Tensor3D, Tensor3D, Tensor, Tensor3D?]
      return backward(u ? siluGradient(dy, u) : dy, { x: features, mean, rstd, gamma: scale })
    },
  )
}

/** Mean and 1 / deviation per row and group, as (N, 1, C) each. */
function statistics(x: Tensor3D): { mean: Tensor3D; rstd: Tensor3D } {
  const mean = perGroup(meanOverPlaces(x))
  const variance = perGroup(meanOverPlaces(tf.squaredDifference(x, mean)))
  return { mean, rstd: tf.rsqrt(tf.add(variance, EPSILON)) }
}

/** What the gradient needs. */
interface Normalised {
  readonly x: Tensor3D
  readonly mean: Tensor3D
  readonly rstd: Tensor3D
  readonly gamma: Tensor
}

/**
 * With xHat the normalised features and g = dy * gamma, averaging over a row's group:
 * dx = rstd (g - mean(g) - xHat mean(g xHat)).
 */
function backward(dy: Tensor3D, { x, mean, rstd, gamma }: Normalised): Tensor[] {
  const places = x.shape[1]
  const centred: Tensor3D = tf.sub(x, mean)
  const dBeta = sumOverPlaces(dy)
  const dGamma = tf.mul(sumOverPlaces(tf.mul(dy, centred)), tf.squeeze(rstd, [1]))
  const meanG = perGroup(tf.div(tf.mul(dBeta, gamma), places))
  const meanGxHat = perGroup(tf.div(tf.mul(dGamma, gamma), places))
  const dx = tf.sub(
    tf.mul(dy, tf.mul(perPlace(gamma), rstd)),
    tf.add(tf.mul(centred, tf.mul(meanGxHat, tf.square(rstd))), tf.mul(meanG, rstd)),
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
