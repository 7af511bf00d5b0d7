import { expect, test } from 'vitest'
import { exactBits } from '../src/exact-bits.js'

test.each([1e-6, 0.4, 1, 3, 1000, 2 ** 60])('all sums of distances fit 53 bits: |x|^2 = %f', (most) => {
  const bits = exactBits(most)
  // Of two vectors that point in opposite directions.
  expect(4 * most * 4 ** bits).toBeLessThan(2 ** 53)
  // With two bits more they would not.
  expect(4 * most * 4 ** (bits + 2)).toBeGreaterThan(2 ** 53)
})

test('vectors of nothing but zeros have a number of bits, too', () => {
  expect(exactBits(0)).toBe(64)
})
