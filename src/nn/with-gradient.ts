import { tf, type Tensor } from '../runtime/tf.js'

/** A value, and what its gradient needs besides the value's own gradient. */
export interface Kept<T extends Tensor> {
  readonly value: T
  readonly kept: readonly Tensor[]
}

/**
 * Computes something whose gradient is written out instead of left to the tape.
 * @param backward from the gradient of the value and from what was kept, those of all inputs, in their order
 */
export function withGradient<T extends Tensor>(
  inputs: readonly Tensor[],
  forward: (inputs: readonly Tensor[]) => Kept<T>,
  backward: (dy: T, kept: readonly Tensor[]) => Tensor[],
): T {
  const run = tf.customGrad((...tensorsAndSave) => {
    const tensors = tensorsAndSave.slice(0, -1) as unknown as Tensor[]
    const save = tensorsAndSave.at(-1) as unknown as (kept: Tensor[]) => void
    const { value, kept } = forward(tensors)
    save([...kept])
    return { value, gradFunc: (dy: T, saved: Tensor[]) => backward(dy, saved) }
  })
  return run(...inputs)
}
