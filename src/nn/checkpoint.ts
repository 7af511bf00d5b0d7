import { tf, type Tensor } from '../runtime/tf.js'
import type { Parameters } from './scope.js'

/**
 * Runs a part of the network without keeping its activations: the backward pass runs it again (gradient
 * checkpointing, Chen et al. 2016). Values and gradients are the same.
 * @param run a pure function of its inputs and parameters
 * @param parameters those that `run` uses; gradients flow to them as well
 */
export function checkpointed<T extends Tensor>(
  run: (inputs: readonly Tensor[], parameters: Parameters) => T,
  inputs: readonly Tensor[],
  parameters: Parameters,
): T {
  const names = [...parameters.keys()]
  const flat = (...tensors: Tensor[]): T => {
    const values = tensors.slice(inputs.length)
    return run(tensors.slice(0, inputs.length), new Map(zip(names, values)))
  }
  const recomputed = tf.customGrad((...tensorsAndSave) => {
    const tensors = tensorsAndSave.slice(0, -1) as unknown as Tensor[]
    const save = tensorsAndSave.at(-1) as unknown as (kept: Tensor[]) => void
    save(tensors)
    return {
      value: flat(...tensors),
      gradFunc: (dy: Tensor, kept: Tensor[]) => tf.grads(flat)(kept, dy),
    }
  })
  return recomputed(...inputs, ...parameters.values())
}

function* zip<A, B>(first: readonly A[], second: readonly B[]): Generator<[A, B]> {
  for (const [i, a] of first.entries()) yield [a, second[i] as B]
}
