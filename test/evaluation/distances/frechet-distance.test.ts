import { expect, test } from 'vitest'
import { featuresOf, type Features } from '../../../src/evaluation/distances/features.js'
import { frechetDistance } from '../../../src/evaluation/distances/frechet-distance.js'
import { signed } from '../../helpers/golden.js'

const made = (name: string, count: number, dimensions: number): Features => ({
  count,
  dimensions,
  values: signed(name, [count, dimensions]),
})
const changed = (features: Features, change: (value: number, i: number) => number): Features => ({
  ...features,
  values: features.values.map(change),
})
/** With fewer vectors than features, and with more. */
const sizes = [
  [10, 30],
  [40, 12],
] as const

test.each(sizes)('%i vectors of %i features', (count, dimensions) => {
  const a = made('a', count, dimensions)
  const mean = Array.from({ length: dimensions }, (_, i) => {
    return a.values.reduce((sum, value, k) => sum + (k % dimensions === i ? value / count : 0), 0)
  })
  const trace =
    a.values.reduce((sum, value, k) => sum + (value - (mean[k % dimensions] ?? 0)) ** 2, 0) / (count - 1)

  expect(Math.abs(frechetDistance(a, a))).toBeLessThan(1e-9 * trace)
  // The same set elsewhere: the distance of the means.
  const moved = changed(a, (value) => value + 0.5)
  expect(frechetDistance(a, moved)).toBeCloseTo(0.25 * dimensions, 9)
  // The same set three times as wide around its mean: S2 = 9 S1, so that the root is 3 S1.
  const wider = changed(a, (value, k) => 3 * value - 2 * (mean[k % dimensions] ?? 0))
  expect(frechetDistance(a, wider)).toBeCloseTo(4 * trace, 9)
  // Features that are always the same change nothing, although they make the covariances singular.
  const b = made('b', count + 3, dimensions)
  const padded = ({ count: n, values }: Features) =>
    featuresOf(
      Array.from({ length: n }, (_, i) => [
        ...values.subarray(i * dimensions, (i + 1) * dimensions),
        ...Array<number>(40).fill(7),
      ]),
    )
  expect(frechetDistance(padded(a), padded(b))).toBeCloseTo(frechetDistance(a, b), 9)
  expect(frechetDistance(b, a)).toBeCloseTo(frechetDistance(a, b), 9)
})

test('independent numbers of known spread', () => {
  // Diagonal covariances: the sum of (s1 - s2)^2 over the features, up to the chance of 20 000 draws.
  const spread = [1, 2, 0.5]
  const a = made('first', 20_000, 3)
  const b = changed(made('second', 20_000, 3), (value, k) => value * (spread[k % 3] ?? NaN))
  const expected = spread.reduce((sum, s) => sum + (1 - s) ** 2 / 3, 0)
  expect(frechetDistance(a, b)).toBeCloseTo(expected, 1)
})

test('two halves of one set come nearer with their size', () => {
  const distances = [10, 40, 160].map((count) => {
    return frechetDistance(made(`left ${count}`, count, 8), made(`right ${count}`, count, 8))
  })
  expect(distances).toEqual(distances.toSorted((x, y) => y - x))
  expect(distances[2]).toBeLessThan(0.2 * (distances[0] ?? 0))
})

test('400 features and more vectors', () => {
  const a = made('many', 450, 400)
  expect(
    frechetDistance(
      a,
      changed(a, (value) => value + 0.5),
    ),
  ).toBeCloseTo(100, 9)
})

test('sets that cannot be compared are refused', () => {
  expect(() => frechetDistance(made('a', 3, 4), made('b', 3, 5))).toThrow(
    '4 features cannot be compared with 5',
  )
  expect(() => frechetDistance(made('a', 1, 4), made('b', 3, 4))).toThrow('at least 2 vectors')
})
