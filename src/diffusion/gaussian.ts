import { withGradient } from '../nn/with-gradient.js'
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor5D } from '../runtime/tf.js'

/**
 * Elementwise KL(N(mean1, exp(logVar1)) || N(mean2, exp(logVar2))), in nats. Shapes broadcast.
 */
export function normalKl(mean1: Tensor, logVar1: Tensor, mean2: Tensor, logVar2: Tensor): Tensor5D {
  const logRatio = tf.sub(logVar1, logVar2)
  const distance = tf.mul(tf.square(tf.sub(mean1, mean2)), tf.exp(tf.neg(logVar2)))
  return tf.mul(0.5, tf.sub(tf.add(tf.exp(logRatio), distance), tf.add(logRatio, 1)))
}

/**
 * Elementwise log-probability, in nats, of 8-bit pixel values under a Gaussian integrated over each value's
 * bin, with open bins at both ends (Ho et al. 2020, eq. 13).
 * @param x pixel values in [-1, 1] scale, (B, T, H, W, C)
 */
export function discretizedGaussianLogLikelihood(x: Tensor5D, mean: Tensor5D, logScale: Tensor5D): Tensor5D {
  const HALF_WIDTH = 1 / 255
  // Keeps the logarithm finite; the smallest probability that float32 subtraction resolves is far larger.
  const SMALLEST = 1e-12
  const centred = tf.sub(x, mean)
  const inverseScale = tf.exp(tf.neg(logScale))
  const below = approximateNormalCdf(tf.mul(inverseScale, tf.sub(centred, HALF_WIDTH)))
  const above = approximateNormalCdf(tf.mul(inverseScale, tf.add(centred, HALF_WIDTH)))
  const logOf = (probability: Tensor) => tf.log(tf.maximum(probability, SMALLEST))
  const inside = logOf(tf.sub(above, below))
  const upperEnd = tf.where(tf.greater(x, 0.999), logOf(tf.sub(1, below)), inside)
  return tf.where(tf.less(x, -0.999), logOf(above), upperEnd) as Tensor5D
}

/** The tanh approximation of the standard normal's distribution function. */
function approximateNormalCdf(x: Tensor): Tensor {
  const inner = tf.mul(Math.sqrt(2 / Math.PI), tf.add(x, tf.mul(0.044715, tf.mul(x, tf.square(x)))))
  return tf.mul(0.5, tf.add(1, tanh(inner)))
}

/**
 * tanh that is correctly rounded where it approaches 1: a pixel far from the mean has the probability that
 * is left between tanh and 1, so a backend's faster approximation would change its logarithm visibly.
 */
function tanh(x: Tensor): Tensor {
  return withGradient(
    [x],
    ([value = x]) => {
      // Beyond this, tanh is 1 in float32, and exp could overflow.
      const bounded = tf.clipByValue(value, -15, 15)
      const missing = (exponent: Tensor) => tf.div(2, tf.add(tf.exp(exponent), 1))
      const positive = tf.sub(1, missing(tf.mul(bounded, 2)))
      const negative = tf.sub(missing(tf.mul(bounded, -2)), 1)
      const y = tf.where(tf.greater(value, 0), positive, negative)
      return { value: y, kept: [y] }
    },
    (dy, kept) => {
      const [y] = kept as [Tensor]
      return [tf.mul(dy, tf.sub(1, tf.square(y)))]
    },
  )
}

/**
 * Mean over everything but the batch, of the masked values but divided by the count of all.
 * @param values (B, T, H, W, C)
 * @param mask per frame, (B, T); all frames if left out
 * @returns (B)
 */
export function meanOverVideo(values: Tensor5D, mask?: Tensor): Tensor1D {
  // Frame means first: the mask then weighs T numbers instead of every pixel.
  const perFrame = frameMeans(values)
  return tf.mean(mask ? tf.mul(perFrame, mask) : perFrame, 1)
}

/** (B, T). The library's own gradient of a mean multiplies by as many ones as there are pixels. */
function frameMeans(values: Tensor5D): Tensor2D {
  const [B, T, ...frame] = values.shape
  const mean = tf.customGrad((input) => ({
    value: tf.mean(input as Tensor5D, [2, 3, 4]),
    gradFunc: (dy: Tensor) =>
      tf.tile(tf.reshape(tf.div(dy, tf.util.sizeFromShape(frame)), [B, T, 1, 1, 1]), [1, 1, ...frame]),
  }))
  return mean(values) as Tensor2D
}
