import { expect, it } from 'vitest'
import { median } from '../src/median.js'

it('finds the middle', () => {
  expect(median([5, 1, 3])).toBe(3)
  expect(median([4, 1, 3, 100])).toBe(3.5)
  expect(median([])).toBeNaN()
})
