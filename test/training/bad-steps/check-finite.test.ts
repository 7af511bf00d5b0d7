import { expect, it } from 'vitest'
import { tf } from '../../../src/runtime/tf.js'
import { TrainingDiverged } from '../../../src/training/bad-steps/bad-steps.js'
import { checkFinite } from '../../../src/training/bad-steps/check-finite.js'
import { disposeState, initialState, type TrainingState } from '../../../src/training/step/state.js'
import { describeEachBackend } from '../../helpers/backends.js'
import { tinyParameters } from '../fixtures.js'

describeEachBackend('a state to be saved', () => {
  it.each<[keyof TrainingState | number, number, string]>([
    ['params', NaN, 'the weights'],
    ['expAvg', -Infinity, "the optimizer's first moments"],
    ['expAvgSq', Infinity, "the optimizer's second moments"],
    [0, NaN, 'the averages of rate 0.9'],
    [1, Infinity, 'the averages of rate 1'],
  ])('is refused with numbers that are not finite: %s %d', async (part, value, what) => {
    const state = initialState(tinyParameters(), 2)
    const tensors = tf.memory().numTensors
    await expect(checkFinite(state, [0.9, 1], 7)).resolves.toBeUndefined()
    const map = typeof part === 'number' ? state.ema[part] : state[part]
    const ruined = map as Map<string, ReturnType<typeof tf.tensor1d>>
    ruined.get('offset')?.dispose()
    ruined.set('offset', tf.tensor1d([1, value, 3e38]))
    const check = checkFinite(state, [0.9, 1], 7)
    await expect(check).rejects.toThrow(TrainingDiverged)
    await expect(check).rejects.toThrow(`after step 7 ${what} are not finite (offset)`)
    expect(tf.memory().numTensors).toBe(tensors)
    disposeState(state)
  })
})
