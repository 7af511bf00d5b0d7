import { biasAdd } from '../nn/bias-add.js'
import type { Scope } from '../nn/scope.js'
import { tf, type Tensor4D } from '../runtime/tf.js'

/**
 * What AlexNet sees in pictures: its features after each of the five ReLUs (Krizhevsky 2014, one tower).
 * @param x (N, H, W, 3), standardised colours; H and W of at least 31
 * @param network holds `features.<layer>.weight` (kh, kw, in, out) and `.bias` (out)
 * @returns five times (N, h, w, C), with C 64, 192, 384, 256, 256
 */
export function alexnetFeatures(x: Tensor4D, network: Scope): Tensor4D[] {
  const layer = (input: Tensor4D, index: number, padding: number, stride = 1): Tensor4D => {
    const parameters = network.at(`features.${index}`)
    const padded = tf.pad(input, [[0, 0], [padding, padding], [padding, padding], [0, 0]]) // prettier-ignore
    const convolved = tf.conv2d(padded, parameters.get('weight') as Tensor4D, stride, 'valid')
    return tf.relu(biasAdd(convolved, parameters.get('bias')))
  }
  const halve = (input: Tensor4D): Tensor4D => tf.maxPool(input, 3, 2, 'valid')
  const first = layer(x, 0, 2, 4)
  const second = layer(halve(first), 3, 2)
  const third = layer(halve(second), 6, 1)
  const fourth = layer(third, 8, 1)
  const fifth = layer(fourth, 10, 1)
  return [first, second, third, fourth, fifth]
}
