import { expect, it } from 'vitest'
import { procedural, proceduralWeights } from '../../src/bench/procedural.js'

it('makes the numbers that bench/reference_side.py makes', () => {
  // Its procedural(4, 7), and the last number of its procedural(100000, 2).
  const first = [0.13856427371501923, 0.9401560425758362, 0.8044129014015198, 0.5842987298965454]
  expect([...procedural(4, 7)]).toEqual(first)
  expect(procedural(100_000, 2).at(-1)).toBe(-0.45390585064888)
})

it('makes no two parameters the same, and none zero', () => {
  const [a, b] = [proceduralWeights({ shape: [4, 9] }, 0), proceduralWeights({ shape: [4, 9] }, 1)]
  expect(a).not.toEqual(b)
  expect([...a, ...b].every((value) => value !== 0 && Math.abs(value) <= 0.8)).toBe(true)
})
