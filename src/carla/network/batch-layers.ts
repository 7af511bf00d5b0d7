import { biasAdd } from '../../nn/bias-add.js'
import { dropout } from '../../nn/dropout.js'
import { scopeOf, type Parameters, type Scope } from '../../nn/scope.js'
import { withGradient } from '../../nn/with-gradient.js'
import { tf, type Tensor, type Tensor1D, type Tensor4D } from '../../runtime/tf.js'
import type { Normalisation } from './backbone.js'
import { convolve } from './folded-layers.js'
import type { NormalisedConvolution, TrainedLayers } from './layers.js'

/** The running statistics after a batch, by name; the caller owns them. */
export type Statistics = Map<string, Tensor>

/**
 * Layers that normalise with the statistics of the batch at hand (Ioffe & Szegedy 2015), as in training.
 * @param parameters kernels, gains (`<norm>.weight`) and shifts (`<norm>.bias`)
 * @param running `<norm>.running_mean` and `<norm>.running_var` before the batch
 * @param after gets those after it. They outlive a tidy.
 * @param seed of what is left out at random: (2), int32
 */
export function batchLayers(
  parameters: Parameters,
  running: Parameters,
  after: Statistics,
  { epsilon, momentum, seed }: Normalisation & { readonly seed: Tensor1D },
): TrainedLayers {
  const [scope, before] = [scopeOf(parameters), scopeOf(running)]
  const mix = (name: string, value: Tensor) => {
    const mixed = tf.tidy(() => tf.add(tf.mul(before.get(name), 1 - momentum), tf.mul(value, momentum)))
    after.set(name, tf.keep(mixed))
  }
  return {
    normalised(x, layer) {
      const { norm } = layer
      const y = convolveLayer(x, scope, layer)
      const mean = tf.mean<Tensor1D>(y, [0, 1, 2])
      const variance = tf.mean<Tensor1D>(tf.square(tf.sub(y, mean)), [0, 1, 2])
      const count = y.size / mean.size
      mix(`${norm}.running_mean`, mean)
      // Of a single value, the unbiased variance is none; PyTorch refuses it.
      mix(`${norm}.running_var`, tf.mul(variance, count / Math.max(1, count - 1)))
      const inverse = tf.rsqrt<Tensor1D>(tf.add(variance, epsilon))
      return standardise(y, mean, inverse, scope.get(`${norm}.weight`), scope.get(`${norm}.bias`))
    },
    biased: (x, { convolution }) => biasedConvolution(x, scope.at(convolution)),
    skipped: (x, share, index) => tf.mul(x, dropout(tf.ones([x.shape[0], 1, 1, 1]), share, seed, index)),
    dropped(features, share) {
      const [N, count] = features.shape
      return tf.reshape(dropout(tf.reshape(features, [N, 1, 1, count]), share, seed, 0), [N, count])
    },
  }
}

/** Layers that normalise with the running statistics, as in testing. */
export function runningLayers(
  parameters: Parameters,
  running: Parameters,
  { epsilon }: Normalisation,
): TrainedLayers {
  const [scope, statistics] = [scopeOf(parameters), scopeOf(running)]
  return {
    normalised(x, layer) {
      const y = convolveLayer(x, scope, layer)
      const of = (part: string) => statistics.get(`${layer.norm}.${part}`)
      const scale = tf.mul(scope.get(`${layer.norm}.weight`), tf.rsqrt(tf.add(of('running_var'), epsilon)))
      const shift = tf.sub(scope.get(`${layer.norm}.bias`), tf.mul(of('running_mean'), scale))
      return tf.add(tf.mul(y, scale), shift)
    },
    biased: (x, { convolution }) => biasedConvolution(x, scope.at(convolution)),
    skipped: (x) => x,
    dropped: (features) => features,
  }
}

function convolveLayer(
  x: Tensor4D,
  scope: Scope,
  { convolution, stride, depthwise }: NormalisedConvolution,
): Tensor4D {
  const kernel = scope.get(`${convolution}.weight`) as Tensor4D
  if (depthwise !== true) return convolve(x, kernel, stride)
  const [height, width, , channels] = kernel.shape
  const half = Math.floor(height / 2)
  const padded = tf.pad(x, [[0, 0], [half, half], [half, half], [0, 0]]) // prettier-ignore
  return tf.depthwiseConv2d(padded, tf.reshape(kernel, [height, width, channels, 1]), stride, 'valid')
}

function biasedConvolution(x: Tensor4D, layer: Scope): Tensor4D {
  return biasAdd(convolve(x, layer.get('weight') as Tensor4D, 1), layer.get('bias'))
}

/**
 * gamma (x - mean) inverse + beta, with the gradient written out: with xHat the standardised values,
 * dx = gamma inverse (dy - mean(dy) - xHat mean(dy xHat)).
 * @param mean, inverse of x over all but its last axis, which is what makes this the gradient; inverse is
 *   1 / sqrt(variance + epsilon)
 */
function standardise(x: Tensor4D, mean: Tensor1D, inverse: Tensor1D, gamma: Tensor, beta: Tensor): Tensor4D {
  return withGradient(
    [x, gamma, beta],
    (inputs) => {
      const [values, gain, shift] = inputs as [Tensor4D, Tensor, Tensor]
      const xHat: Tensor4D = tf.mul(tf.sub(values, mean), inverse)
      return { value: tf.add<Tensor4D>(tf.mul(xHat, gain), shift), kept: [xHat, inverse, gain] }
    },
    (dy, kept) => {
      const [standard, root, scale] = kept as [Tensor4D, Tensor, Tensor]
      const count = standard.size / root.size
      const dBeta = tf.sum(dy, [0, 1, 2])
      const dGamma = tf.sum(tf.mul(dy, standard), [0, 1, 2])
      const centred = tf.sub(tf.sub(dy, tf.div(dBeta, count)), tf.mul(standard, tf.div(dGamma, count)))
      return [tf.mul(centred, tf.mul(scale, root)), dGamma, dBeta]
    },
  )
}
