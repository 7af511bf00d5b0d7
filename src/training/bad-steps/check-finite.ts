import type { Parameters } from '../../nn/scope.js'
import { tf } from '../../runtime/tf.js'
import type { TrainingState } from '../step/state.js'
import { TrainingDiverged } from './bad-steps.js'

/**
 * Makes sure that a state is worth saving: a step whose loss and gradient are good may still come to weights,
 * moments or averages that are not. Once there, a number that is not finite never goes away.
 * @param emaRates of the state's averages, in their order
 * @param step updates done
 * @throws TrainingDiverged naming what is not finite, and the first parameter in it.
 */
export async function checkFinite(
  state: TrainingState,
  emaRates: readonly number[],
  step: number,
): Promise<void> {
  const fault = await notFinite(state, emaRates)
  if (fault !== undefined)
    throw new TrainingDiverged(
      `training diverged: after step ${step} ${fault}: this step is not saved, what was saved before is as it ` +
        'was; go on from there with a lower --lr',
    )
}

/** What is not finite in a state, and the first parameter in it, in words; undefined if all is. */
export async function notFinite(
  { params, expAvg, expAvgSq, ema }: TrainingState,
  emaRates: readonly number[],
): Promise<string | undefined> {
  const parts: readonly (readonly [string, Parameters])[] = [
    ['the weights', params],
    ["the optimizer's first moments", expAvg],
    ["the optimizer's second moments", expAvgSq],
    ...ema.map((average, i) => [`the averages of rate ${emaRates[i]}`, average] as const),
  ]
  for (const [what, tensors] of parts) {
    const name = await firstNotFinite(tensors)
    if (name !== undefined) return `${what} are not finite (${name})`
  }
  return undefined
}

/** The name of the first tensor that has a number that is not finite. One bit of each goes to the host. */
export async function firstNotFinite(tensors: Parameters): Promise<string | undefined> {
  if (tensors.size === 0) return undefined
  const flags = tf.tidy(() => tf.stack([...tensors.values()].map((tensor) => tensor.isFinite().all())))
  try {
    const areFinite = await flags.data()
    return [...tensors.keys()].find((_, i) => !areFinite[i])
  } finally {
    flags.dispose()
  }
}
