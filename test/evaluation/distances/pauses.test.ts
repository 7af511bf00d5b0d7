import { expect, test } from 'vitest'
import type { Features } from '../../../src/evaluation/distances/features.js'
import { frechetDistance, frechetSteps } from '../../../src/evaluation/distances/frechet-distance.js'
import {
  kernelDistance,
  kernelDistanceOfSubsets,
  kernelSteps,
  subsetSteps,
} from '../../../src/evaluation/distances/kernel-distance.js'
import { inTurns, type Steps } from '../../../src/in-turns.js'
import { hostRandom } from '../../../src/random.js'
import { signed } from '../../helpers/golden.js'

const made = (name: string, count: number, dimensions: number): Features => ({
  count,
  dimensions,
  values: signed(name, [count, dimensions]),
})
/** So many that each computation takes more than one part. */
const [a, b] = [made('a', 700, 200), made('b', 700, 200)]
const draws = () => ({ subsets: 2, size: 10, random: hostRandom(1) })

test.each<[string, () => Steps<unknown>, () => unknown]>([
  ['the Fréchet distance', () => frechetSteps(a, b), () => frechetDistance(a, b)],
  ['the kernel distance', () => kernelSteps(a, b), () => kernelDistance(a, b)],
  [
    'the kernel distance of subsets',
    () => subsetSteps(a, b, draws()),
    () => kernelDistanceOfSubsets(a, b, draws()),
  ],
])('%s hears in its midst that it is to stop, and comes to the same with pauses', async (_, steps, whole) => {
  const controller = new AbortController()
  setImmediate(() => controller.abort())
  await expect(inTurns(steps(), controller.signal)).rejects.toThrow(/abort/)
  expect(await inTurns(steps())).toEqual(whole())
})
