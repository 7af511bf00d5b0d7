import { scopeOf, type Parameters } from '../nn/scope.js'
import { tf, type Tensor2D, type Tensor4D } from '../runtime/tf.js'
import { alexnetFeatures } from './alexnet-features.js'

/** Mean and spread of colours in [-1, 1], as the LPIPS authors fixed them. */
const SHIFT = [-0.03, -0.088, -0.188]
const SCALE = [0.458, 0.448, 0.45]

/**
 * Pictures as vectors: the squared Euclidean distance of two is their LPIPS distance (Zhang et al. 2018,
 * equation 1). Pure.
 * @param frames (N, H, W, 3) in [-1, 1]
 * @param parameters AlexNet's, and `lin<i>` (C): square roots of the linear layers' weights
 * @returns (N, D): the five layers one after the other
 */
export function embedFrames(frames: Tensor4D, parameters: Parameters): Tensor2D {
  const scope = scopeOf(parameters)
  const standardised: Tensor4D = tf.div(tf.sub(frames, SHIFT), SCALE)
  const layers = alexnetFeatures(standardised, scope).map((features, i) => {
    const [count, height, width, channels] = features.shape
    const length = tf.sqrt(tf.sum(tf.square(features), -1, true))
    const unit = tf.div(features, tf.add(length, 1e-10))
    const weighted = tf.mul(unit, tf.div(scope.get(`lin${i}`), Math.sqrt(height * width)))
    return tf.reshape(weighted, [count, height * width * channels])
  })
  return tf.concat2d(layers as Tensor2D[], 1)
}
