import { tf, type Tensor5D } from '../../runtime/tf.js'
import { UserError } from '../../errors.js'
import type { SamplerRun, SamplerState, SamplerStep } from '../types.js'
import { startingState } from './starting-state.js'

/**
 * Goes from x_T to x_0 one step after the other. Owns every tensor in between; between steps other work
 * of the process gets its turn, so that a signal can stop a long walk.
 * @param step the state at x_t to that at x_{t-1}, which may hold tensors of the one before; may leave temporaries
 *   behind, but frees nothing that it is given
 * @returns x_0, which the caller owns
 * @throws UserError for a step whose state is of other shapes than the one before.
 */
export async function walk(
  { numTimesteps, numCarried }: Pick<SamplerStep, 'numTimesteps' | 'numCarried'>,
  { start, onStep }: Pick<SamplerRun, 'start' | 'onStep'>,
  step: (state: SamplerState, t: number) => SamplerState,
): Promise<Tensor5D> {
  let state = tf.tidy(() => startingState(start, numCarried))
  try {
    for (let t = numTimesteps - 1; t >= 0; t--) {
      const current = state
      state = tf.tidy((): [Tensor5D, ...Tensor5D[]] => {
        const next = step(current, t)
        requireSameShapes(next, current)
        return [...next]
      })
      disposeUnless(state, current)
      onStep?.(numTimesteps - t, numTimesteps)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const [x, ...carried] = state
    disposeUnless([x], carried)
    return x
  } catch (error) {
    tf.dispose([...state])
    throw error
  }
}

function requireSameShapes(next: SamplerState, current: SamplerState): void {
  const shapesOf = (state: SamplerState) => state.map(({ shape }) => `(${shape.join(', ')})`).join(', ')
  if (shapesOf(next) !== shapesOf(current))
    throw new UserError(
      'the update of a sampler gives x and what numCarried says, all of the shape of x: ' +
        `${shapesOf(current)}, not ${shapesOf(next)}`,
    )
}

/** Frees what is in no other list. */
function disposeUnless(kept: readonly Tensor5D[], tensors: readonly Tensor5D[]): void {
  tf.dispose(tensors.filter((tensor) => !kept.includes(tensor)))
}
