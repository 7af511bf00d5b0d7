import { tf, type Tensor2D, type Tensor4D } from '../../runtime/tf.js'
import type { Layers } from './layers.js'
import { blocksOf, FIRST, type Block, type ResidualPlan } from './residual-plan.js'

/**
 * A ResNet (He et al. 2016; torchvision's variant) without its last layer. Pure.
 * @param x (N, H, W, 3), standardised colours
 * @returns (N, 512 or 2048): features averaged over the picture
 */
export function residualNetwork(x: Tensor4D, plan: ResidualPlan, layers: Layers): Tensor2D {
  const first = tf.relu(layers.normalised(x, FIRST))
  // After a ReLU, the zeros around are as low as anything inside.
  const padded = tf.pad(first, [[0, 0], [1, 1], [1, 1], [0, 0]]) // prettier-ignore
  const pooled: Tensor4D = tf.maxPool(padded, 3, 2, 'valid')
  const features = blocksOf(plan).reduce((input, block) => residualBlock(input, block, layers), pooled)
  return tf.mean(features, [1, 2])
}

function residualBlock(x: Tensor4D, { convolutions, shortcut }: Block, layers: Layers): Tensor4D {
  const beside = shortcut ? layers.normalised(x, shortcut) : x
  const last = convolutions.length - 1
  const through = convolutions.reduce((input, convolution, i) => {
    const output = layers.normalised(input, convolution)
    return i < last ? tf.relu(output) : output
  }, x)
  return tf.relu(tf.add(through, beside))
}
