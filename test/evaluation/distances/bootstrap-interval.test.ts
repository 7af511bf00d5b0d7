import { expect, test } from 'vitest'
import { bootstrapInterval } from '../../../src/evaluation/distances/bootstrap-interval.js'
import type { Features } from '../../../src/evaluation/distances/features.js'
import type { Steps } from '../../../src/in-turns.js'
import { hostRandom } from '../../../src/random.js'
import { signed } from '../../helpers/golden.js'

const made = (name: string, count: number): Features => ({
  count,
  dimensions: 1,
  values: signed(name, [count]),
})
const meanOf = ({ count, values }: Features) => values.reduce((sum, value) => sum + value, 0) / count
const difference = (a: Features, b: Features) => meanOf(b) - meanOf(a)
// eslint-disable-next-line require-yield -- it is over at once
function* steps(value: number): Steps<number> {
  return value
}

test('is as wide as theory says for a difference of means, and the same for the same seed', async () => {
  const sets = [made('a', 200), made('b', 300)] as const
  const estimate = difference(...sets)
  const interval = () =>
    bootstrapInterval((a, b) => steps(difference(a, b)), sets, {
      estimate,
      resamples: 2000,
      random: hostRandom(3),
    })
  const { low, high, level } = await interval()
  // Uniform in [-1, 1): a variance of 1/3.
  const error = Math.sqrt(1 / 3 / 200 + 1 / 3 / 300)
  expect((low - estimate) / error).toBeCloseTo(-1.96, 0)
  expect((high - estimate) / error).toBeCloseTo(1.96, 0)
  expect(level).toBe(0.95)
  expect(await interval()).toEqual({ low, high, level, resamples: 2000 })
})

test('is mirrored at the estimate, against what resampling adds', async () => {
  const sets = [made('a', 20), made('b', 20)] as const
  // Resampled distances are all 5 too large: the interval lies 5 below the estimate.
  const { low, high } = await bootstrapInterval(() => steps(15), sets, {
    estimate: 10,
    resamples: 20,
    random: hostRandom(3),
  })
  expect([low, high]).toEqual([5, 5])
})
