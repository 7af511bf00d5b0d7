import { biasAdd } from '../nn/bias-add.js'
import type { Scope } from '../nn/scope.js'
import { tf, type Tensor4D } from '../runtime/tf.js'
import { CONVOLUTIONS, POOLING } from './alexnet-layers.js'

/**
 * What AlexNet sees in pictures: its features after each of the five ReLUs (Krizhevsky 2014, one tower).
 * @param x (N, H, W, 3), standardised colours; H and W of at least 31
 * @param network holds `features.<layer>.weight` (kh, kw, in, out) and `.bias` (out)
 * @returns five times (N, h, w, C), with C 64, 192, 384, 256, 256
 */
export function alexnetFeatures(x: Tensor4D, network: Scope): Tensor4D[] {
  const features: Tensor4D[] = []
  let input = x
  for (const { layer, padding, stride, isPooled } of CONVOLUTIONS) {
    const parameters = network.at(`features.${layer}`)
    if (isPooled) input = tf.maxPool(input, POOLING.width, POOLING.stride, 'valid')
    const padded = tf.pad(input, [[0, 0], [padding, padding], [padding, padding], [0, 0]]) // prettier-ignore
    const convolved = tf.conv2d(padded, parameters.get('weight') as Tensor4D, stride, 'valid')
    input = tf.relu(biasAdd(convolved, parameters.get('bias')))
    features.push(input)
  }
  return features
}
