import { linear } from '../../nn/linear.js'
import { scopeOf, type Parameters, type Scope } from '../../nn/scope.js'
import { tf, type Tensor1D, type Tensor3D, type Tensor5D } from '../../runtime/tf.js'
import { STAGE_3, STAGE_4, STAGE_5, type Mixed } from './architecture.js'
import { pointUnit, unit } from './unit.js'

/**
 * The layers of I3D after the stem, to the end.
 * @param x (1, T, 28, 28, 192), at least 5 places in time: 9 frames
 * @returns (400) logits, averaged over time
 */
export function trunk(x: Tensor5D, parameters: Parameters): Tensor1D {
  const network = scopeOf(parameters)
  const stage = (input: Tensor5D, blocks: readonly Mixed[]) =>
    blocks.reduce((y, { name }) => mixed(y, network.at(name)), input)
  const third = stage(x, STAGE_3)
  const fourth = stage(tf.maxPool3d(third, 3, 2, 'same'), STAGE_4)
  const fifth = stage(tf.maxPool3d(fourth, 2, 2, 'same'), STAGE_5)
  // An average pool of 2x7x7 over what has 7x7 places: over all places, then over pairs in time.
  const moments = tf.mean<Tensor3D>(fifth, [2, 3])
  const [batch, T, channels] = moments.shape
  const earlier = tf.slice(moments, [0, 0, 0], [batch, T - 1, channels])
  const later = tf.slice(moments, [0, 1, 0], [batch, T - 1, channels])
  const pairs = tf.div(tf.add(earlier, later), 2)
  return tf.mean(linear(pairs, network.at('logits')), [0, 1])
}

/** An inception block: four ways to look at the same, side by side. */
function mixed(x: Tensor5D, block: Scope): Tensor5D {
  const pooled = tf.maxPool3d(x, 3, 1, 'same')
  return tf.concat(
    [
      pointUnit(x, block.at('b0')),
      unit(pointUnit(x, block.at('b1a')), block.at('b1b')),
      unit(pointUnit(x, block.at('b2a')), block.at('b2b')),
      pointUnit(pooled, block.at('b3b')),
    ],
    4,
  )
}
