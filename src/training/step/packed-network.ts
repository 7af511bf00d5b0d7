import { scopeOf, type Parameters } from '../../nn/scope.js'
import { withGradient } from '../../nn/with-gradient.js'
import { hold } from '../../runtime/hold.js'
import type { Tensor } from '../../runtime/tf.js'
import type { EnterLayer, ParametricNetwork } from './gradients.js'
import { unpack, type Packing } from './packed-state.js'

/**
 * A network of packed parameters.
 * @param inOrder makes the backward pass wait, where it leaves a bucket's layers, until that bucket's gradient
 *   is whole: it can then be summed over ranks while the pass goes on. No number changes.
 */
export function packedNetwork(
  network: ParametricNetwork,
  packing: Packing,
  inOrder = false,
): ParametricNetwork {
  return (packed, conditioning, dropoutSeed) => {
    const parameters = new Map(unpack(packed, packing))
    const enterLayer = inOrder ? bucketEdges(packed, packing, parameters) : undefined
    return network(parameters, conditioning, dropoutSeed, enterLayer)
  }
}

/**
 * Puts the edges of buckets where the network enters them.
 * @param parameters those of `packed`; of a bucket that is entered they become others, of the same numbers
 */
function bucketEdges(packed: Parameters, packing: Packing, parameters: Map<string, Tensor>): EnterLayer {
  let entered = 0
  return (features, layer) => {
    const last = packing.findLastIndex(({ names }) => names.some((name) => name.startsWith(`${layer}.`)))
    const buckets = packing.slice(entered + 1, last + 1)
    if (buckets.length === 0) return features
    entered = last
    const gradients: Tensor[] = []
    // A tape runs backwards: what is written on it before the parameters has its gradient after theirs.
    const held = watched(features, (dy) => gradients.reduce(hold, dy))
    for (const bucket of buckets) {
      const own = watched(scopeOf(packed).get(bucket.bucket), (dy) => {
        gradients.push(dy)
        return dy.clone()
      })
      for (const [name, part] of unpack(new Map([[bucket.bucket, own]]), [bucket])) parameters.set(name, part)
    }
    return held
  }
}

/** The same tensor, whose gradient goes through a function. */
function watched<T extends Tensor>(x: T, backward: (dy: Tensor) => Tensor): T {
  return withGradient(
    [x],
    () => ({ value: x.clone<T>(), kept: [] }),
    (dy) => [backward(dy)],
  )
}
