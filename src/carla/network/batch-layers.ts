import { scopeOf, type Parameters } from '../../nn/scope.js'
import { tf, type Tensor, type Tensor1D, type Tensor4D } from '../../runtime/tf.js'
import { convolve, EPSILON } from './folded-layers.js'
import type { Layers, NormalisedConvolution } from './layers.js'

/** How much of a batch's statistics goes into the running ones: PyTorch's. */
const MOMENTUM = 0.1

/** The running statistics after a batch, by name; the caller owns them. */
export type Statistics = Map<string, Tensor>

/**
 * Layers that normalise with the statistics of the batch at hand (Ioffe & Szegedy 2015), as in training.
 * @param parameters kernels, gains (`<norm>.weight`) and shifts (`<norm>.bias`)
 * @param running `<norm>.running_mean` and `<norm>.running_var` before the batch
 * @param after gets those after it. They outlive a tidy.
 */
export function batchLayers(parameters: Parameters, running: Parameters, after: Statistics): Layers {
  const [scope, before] = [scopeOf(parameters), scopeOf(running)]
  const mix = (name: string, value: Tensor) => {
    const mixed = tf.tidy(() => tf.add(tf.mul(before.get(name), 1 - MOMENTUM), tf.mul(value, MOMENTUM)))
    after.set(name, tf.keep(mixed))
  }
  return {
    normalised(x, { convolution, norm, stride }) {
      const y = convolve(x, scope.get(`${convolution}.weight`) as Tensor4D, stride)
      const mean = tf.mean<Tensor1D>(y, [0, 1, 2])
      const variance = tf.mean<Tensor1D>(tf.square(tf.sub(y, mean)), [0, 1, 2])
      const count = y.size / mean.size
      mix(`${norm}.running_mean`, mean)
      // Of a single value, the unbiased variance is none; PyTorch refuses it.
      mix(`${norm}.running_var`, tf.mul(variance, count / Math.max(1, count - 1)))
      return standardise(y, mean, variance, scope.get(`${norm}.weight`), scope.get(`${norm}.bias`))
    },
  }
}

/** Layers that normalise with the running statistics, as in testing. */
export function runningLayers(parameters: Parameters, running: Parameters): Layers {
  const [scope, statistics] = [scopeOf(parameters), scopeOf(running)]
  return {
    normalised(x, layer: NormalisedConvolution) {
      const y = convolve(x, scope.get(`${layer.convolution}.weight`) as Tensor4D, layer.stride)
      const of = (part: string) => statistics.get(`${layer.norm}.${part}`)
      const scale = tf.mul(scope.get(`${layer.norm}.weight`), tf.rsqrt(tf.add(of('running_var'), EPSILON)))
      const shift = tf.sub(scope.get(`${layer.norm}.bias`), tf.mul(of('running_mean'), scale))
      return tf.add(tf.mul(y, scale), shift)
    },
  }
}

/**
 * gamma (x - mean) / sqrt(variance + eps) + beta, with the gradient written out: with xHat the standardised
 * values, dx = gamma / sqrt(variance + eps) (dy - mean(dy) - xHat mean(dy xHat)).
 * @param mean, variance those of x over all but its last axis, which is what makes this the gradient
 */
function standardise(x: Tensor4D, mean: Tensor1D, variance: Tensor1D, gamma: Tensor, beta: Tensor): Tensor4D {
  const normalise = tf.customGrad((...inputs) => {
    const [values, gain, shift, save] = inputs as unknown as [
      Tensor4D,
      Tensor,
      Tensor,
      (kept: Tensor[]) => void,
    ]
    const inverse = tf.rsqrt(tf.add(variance, EPSILON))
    const xHat: Tensor4D = tf.mul(tf.sub(values, mean), inverse)
    save([xHat, inverse, gain])
    return {
      value: tf.add<Tensor4D>(tf.mul(xHat, gain), shift),
      gradFunc: (dy: Tensor, kept: Tensor[]) => {
        const [standard, root, scale] = kept as [Tensor4D, Tensor, Tensor]
        const count = standard.size / root.size
        const dBeta = tf.sum(dy, [0, 1, 2])
        const dGamma = tf.sum(tf.mul(dy, standard), [0, 1, 2])
        const centred = tf.sub(tf.sub(dy, tf.div(dBeta, count)), tf.mul(standard, tf.div(dGamma, count)))
        return [tf.mul(centred, tf.mul(scale, root)), dGamma, dBeta]
      },
    }
  })
  return normalise(x, gamma, beta)
}
