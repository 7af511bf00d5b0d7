import { expect, test } from 'vitest'
import { wassersteinDistance } from '../../src/carla/wasserstein-distance.js'

const steps = (n: number, change: (u: number) => number) =>
  Array.from({ length: n }, (_, i) => change((i + 0.5) / n))

test('closed forms', () => {
  expect(wassersteinDistance([1, 5, 2], [2, 1, 5])).toBe(0)
  expect(wassersteinDistance([3], [7.5])).toBe(4.5)
  expect(wassersteinDistance([0, 1], [0, 0, 0, 1, 1, 1])).toBeCloseTo(0, 12)
  // A quarter of the mass goes from 0 to 1.
  expect(wassersteinDistance([0, 0, 0, 1], [0, 1])).toBeCloseTo(0.25, 12)
  expect(wassersteinDistance([0, 1], [0, 0, 0, 1])).toBeCloseTo(0.25, 12)
  // Uniform numbers on [0, 1] and [0, 3]: the mean of 2 u.
  expect(wassersteinDistance(steps(1000, (u) => u), steps(700, (u) => 3 * u))).toBeCloseTo(1, 3) // prettier-ignore
  // Moved: by how much.
  expect(
    wassersteinDistance(
      steps(50, Math.sqrt),
      steps(50, (u) => Math.sqrt(u) + 2),
    ),
  ).toBeCloseTo(2, 12)
})

test('no numbers have no distance', () => {
  expect(() => wassersteinDistance([], [1])).toThrow('no numbers')
})
