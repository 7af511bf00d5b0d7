import { expect, test } from 'vitest'
import { squaredDistance } from '../src/squared-distance.js'

test.each([0, 1, 3, 4, 5, 6, 7, 8, 11])('of vectors of %i numbers every one counts', (length) => {
  const a = Float32Array.from({ length }, (_, i) => 2 ** i + 1)
  const b = new Float32Array(length).fill(1)
  // 1 + 4 + 16 + ..
  expect(squaredDistance(a, b)).toBe((4 ** length - 1) / 3)
})

test('is summed in float64', () => {
  const a = Float32Array.of(2 ** 14, 2 ** -6, 0, 0, 2 ** -6)
  expect(squaredDistance(a, new Float32Array(5))).toBe(2 ** 28 + 2 ** -11)
})
