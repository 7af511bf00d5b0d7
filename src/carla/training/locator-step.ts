import { scopeOf, type Parameters } from '../../nn/scope.js'
import { tf, type Tensor, type Tensor1D } from '../../runtime/tf.js'
import { mapTensors, nameTensors } from '../../training/step/state.js'
import { batchLayers, type Statistics } from '../network/batch-layers.js'
import { scoreFrames, type LocatorNetwork, type PlacedBatch, type Scores } from './locator-network.js'
import type { Optimizer } from './optimizers.js'

/** Everything that training changes. */
export interface LocatorState {
  /** Kernels, gains, shifts, and the last layer. */
  readonly parameters: Parameters
  /** What the optimizer remembers of them. */
  readonly moments: readonly Parameters[]
  /** Running means and variances. */
  readonly statistics: Parameters
}

export interface LocatorStepResult {
  readonly state: LocatorState
  readonly scores: Scores
}

/**
 * One update by the gradient of a batch's mean loss. A pure function of tensors; the caller owns the arguments
 * and the result.
 * @param scalars of the optimizer
 * @param seed of what the network leaves out at random: (2), int32
 */
export function locatorStep(
  network: LocatorNetwork,
  optimizer: Optimizer,
  { parameters, moments, statistics }: LocatorState,
  batch: PlacedBatch,
  scalars: readonly Tensor[],
  seed: Tensor1D,
): LocatorStepResult {
  const names = [...parameters.keys()]
  const after: Statistics = new Map()
  let kept: Scores | undefined
  const settings = { ...network.backbone.normalisation, seed }
  const meanLoss = (...tensors: Tensor[]) => {
    const current = nameTensors(names, tensors)
    const scores = scoreFrames(network, batch, current, batchLayers(current, statistics, after, settings))
    // The tape returns one value; the others must outlive its scope.
    kept = { loss: tf.keep(scores.loss), quality: tf.keep(scores.quality) }
    return tf.mean<Tensor>(scores.loss).asScalar()
  }
  const { value, grads } = tf.valueAndGrads(meanLoss)([...parameters.values()])
  value.dispose()
  if (!kept) throw new Error('the loss was not computed')
  const gradients = scopeOf(nameTensors(names, grads))
  const updated = mapTensors(parameters, (parameter, name) => {
    const remembered = moments.map((moment) => scopeOf(moment).get(name))
    return optimizer.update(parameter, gradients.get(name), remembered, scalars)
  })
  return {
    state: {
      parameters: mapTensors(updated, ({ parameter }) => parameter),
      moments: moments.map((_, i) => mapTensors(updated, (entry) => momentOf(entry.moments, i))),
      statistics: mapTensors(statistics, (_, name) => handedOver(scopeOf(after).get(name))),
    },
    scores: { loss: handedOver(kept.loss), quality: handedOver(kept.quality) },
  }
}

/** A tensor that was kept, as one that belongs to the scope around. */
function handedOver<T extends Tensor>(tensor: T): T {
  const copy = tensor.clone()
  tensor.dispose()
  return copy
}

function momentOf(moments: readonly Tensor[], i: number): Tensor {
  const moment = moments[i]
  if (!moment) throw new RangeError(`there is no moment ${i}`)
  return moment
}
