import { expect, it } from 'vitest'
import { pairedRatio } from '../../src/bench/paired-ratio.js'

it('compares what ran at the same time', () => {
  // The machine was three times as slow in the second round.
  const ours = [[10, 11, 30], [33, 30, 36], [11]] // prettier-ignore
  const theirs = [[22], [66, 60], [22, 22, 22]]
  expect(pairedRatio(ours, theirs)).toBeCloseTo(0.5)
})
