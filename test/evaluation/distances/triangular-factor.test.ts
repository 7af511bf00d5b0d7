import { expect, test } from 'vitest'
import { featuresOf } from '../../../src/evaluation/distances/features.js'
import { frechetDistance } from '../../../src/evaluation/distances/frechet-distance.js'
import { signed } from '../../helpers/golden.js'

test('more vectors than features, of which most never change', () => {
  const [count, dimensions, still] = [150, 100, 50]
  const rows = (name: string, n: number) =>
    Array.from({ length: n }, (_, i) => signed(`${name} ${i}`, [dimensions]))
  const a = rows('a', 90)
  const b = rows('b', count).map((row) => row.map((value, k) => (k < still ? 0.1 : value)))
  // The other way round they go through another decomposition: features in another order change nothing.
  const turned = (set: readonly Float64Array[]) => featuresOf(set.map((row) => row.slice().reverse()))
  const [distance, again] = [
    frechetDistance(featuresOf(a), featuresOf(b)),
    frechetDistance(turned(a), turned(b)),
  ]
  // The features of `b` that change come first in one of them, which no decomposition finds difficult.
  expect(distance).toBeCloseTo(again, 9)
})

test('few different videos many times over', () => {
  const [dimensions, distinct] = [40, 3]
  const row = (name: string, i: number) => signed(`${name} ${i % distinct}`, [dimensions])
  const set = (name: string, n: number) => featuresOf(Array.from({ length: n }, (_, i) => row(name, i)))
  // As often, but no more vectors than features: the covariances differ by (n - 1) / n alone.
  const [many, some] = [
    frechetDistance(set('c', 300), set('d', 300)),
    frechetDistance(set('c', 30), set('d', 30)),
  ]
  const means = (name: string) =>
    Array.from({ length: dimensions }, (_, k) =>
      [0, 1, 2].reduce((sum, i) => sum + (row(name, i)[k] ?? 0) / 3, 0),
    )
  const [c, d] = [means('c'), means('d')]
  const shift = c.reduce((sum, value, k) => sum + (value - (d[k] ?? NaN)) ** 2, 0)
  expect((many - shift) * (299 / 300)).toBeCloseTo((some - shift) * (29 / 30), 9)
})
