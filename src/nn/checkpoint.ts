import { after } from '../runtime/after.js'
import { tf, type Tensor } from '../runtime/tf.js'
import type { Parameters } from './scope.js'
import { withGradient } from './with-gradient.js'

/**
 * Runs a part of the network without keeping its activations: the backward pass runs it again (gradient
 * checkpointing, Chen et al. 2016). Values and gradients are the same.
 * @param run a pure function of its inputs and parameters
 * @param parameters those that `run` uses; gradients flow to them as well
 */
export function checkpointed<Inputs extends readonly Tensor[], Output extends Tensor>(
  run: (inputs: Inputs, parameters: Parameters) => Output,
  inputs: Inputs,
  parameters: Parameters,
): Output {
  const names = [...parameters.keys()]
  const flat = (...tensors: Tensor[]): Output => {
    const values = tensors.slice(inputs.length)
    return run(tensors.slice(0, inputs.length) as unknown as Inputs, new Map(zip(names, values)))
  }
  return withGradient<Output>(
    [...inputs, ...parameters.values()],
    (tensors) => ({ value: flat(...tensors), kept: tensors }),
    (dy, kept) => {
      const again = kept.map((tensor, i) => (i < inputs.length ? after(tensor, dy) : tensor))
      return keepingTape(() => tf.grads(flat)(again, dy))
    },
  )
}

/** Inside a backward pass, another gradient would leave the engine without the tape it is walking. */
function keepingTape<T>(run: () => T): T {
  const { state } = tf.engine()
  const tape = state.activeTape
  try {
    return run()
  } finally {
    state.activeTape = tape
  }
}

function* zip<A, B>(first: readonly A[], second: readonly B[]): Generator<[A, B]> {
  for (const [i, a] of first.entries()) yield [a, second[i] as B]
}
