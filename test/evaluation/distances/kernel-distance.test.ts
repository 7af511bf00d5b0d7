import { expect, test } from 'vitest'
import type { Features } from '../../../src/evaluation/distances/features.js'
import { kernelDistance, kernelDistanceOfSubsets } from '../../../src/evaluation/distances/kernel-distance.js'
import { hostRandom } from '../../../src/random.js'
import { signed } from '../../helpers/golden.js'

const made = (name: string, count: number, shift = 0): Features => ({
  count,
  dimensions: 6,
  values: signed(name, [count, 6]).map((value) => value + shift),
})

test('by hand: (x.y / D + 1)^3 for two vectors of each kind', () => {
  const a: Features = { count: 2, dimensions: 2, values: Float64Array.of(1, 0, 0, 2) }
  const b: Features = { count: 2, dimensions: 2, values: Float64Array.of(1, 1, 2, 0) }
  const within = 1 + 8 // x.y is 0 and 2
  const between = (1.5 ** 3 + 2 ** 3 + 2 ** 3 + 1) / 4 // 1, 2, 2 and 0
  expect(kernelDistance(a, b)).toBeCloseTo(within - 2 * between, 12)
})

test('is near 0 for sets of one kind and grows with their difference', () => {
  const [same, near, far] = [0, 0.2, 0.6].map((shift) =>
    kernelDistance(made('a', 300), made('b', 300, shift)),
  )
  expect(Math.abs(same ?? NaN)).toBeLessThan(0.01)
  expect(near).toBeGreaterThan(5 * Math.abs(same ?? NaN))
  expect(far).toBeGreaterThan(5 * (near ?? NaN))
})

test('subsets of all vectors give the distance of all; smaller ones scatter around it', () => {
  const [a, b] = [made('a', 40), made('b', 30, 0.4)]
  const equal = { ...b, count: 30, values: b.values }
  const first30 = { ...a, count: 30, values: a.values.slice(0, 30 * 6) }
  const all = kernelDistanceOfSubsets(first30, equal, { subsets: 3, size: 1000, random: hostRandom(1) })
  expect(all).toMatchObject({ subsets: 3, size: 30 })
  expect(all.mean).toBeCloseTo(kernelDistance(first30, equal), 12)
  expect(all.deviation).toBeLessThan(1e-12)

  const some = kernelDistanceOfSubsets(a, b, { subsets: 200, size: 10, random: hostRandom(1) })
  expect(some.size).toBe(10)
  expect(some.deviation).toBeGreaterThan(0.02)
  // The mean of unbiased estimates, with its standard error.
  expect(Math.abs(some.mean - kernelDistance(a, b))).toBeLessThan((4 * some.deviation) / Math.sqrt(200))
})

test('the scatter of two subsets is half their difference', () => {
  const [a, b] = [made('a', 40), made('b', 30, 0.4)]
  const draw = (subsets: number) =>
    kernelDistanceOfSubsets(a, b, { subsets, size: 10, random: hostRandom(2) })
  const [first, both] = [draw(1).mean, draw(2)]
  const second = 2 * both.mean - first
  expect(first).not.toBeCloseTo(second, 4)
  expect(both.deviation).toBeCloseTo(Math.abs(first - second) / 2, 12)
})
