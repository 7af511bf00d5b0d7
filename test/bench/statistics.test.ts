import { expect, it } from 'vitest'
import { median, pairedRatio } from '../../src/bench/statistics.js'

it('finds the middle', () => {
  expect(median([5, 1, 3])).toBe(3)
  expect(median([4, 1, 3, 100])).toBe(3.5)
  expect(median([])).toBeNaN()
})

it('compares what ran at the same time', () => {
  // The machine was three times as slow in the second round.
  const ours = [[10, 11, 30], [33, 30, 36], [11]] // prettier-ignore
  const theirs = [[22], [66, 60], [22, 22, 22]]
  expect(pairedRatio(ours, theirs)).toBeCloseTo(0.5)
})
