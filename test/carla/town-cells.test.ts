import { expect, test } from 'vitest'
import { cellOf, CELLS } from '../../src/carla/town-cells.js'

test('cells of 41 metres, columns along x', () => {
  expect(cellOf(-10, -10)).toBe(0)
  expect(cellOf(30.99, 30.99)).toBe(0)
  expect(cellOf(31, -10)).toBe(10)
  expect(cellOf(-10, 31)).toBe(1)
  expect(cellOf(200, 100)).toBe(10 * 5 + 2)
})

test('the far edges belong to the last cells', () => {
  expect(cellOf(400, 400)).toBe(CELLS - 1)
  expect(cellOf(400, -10)).toBe(90)
  expect(cellOf(399.99, 400)).toBe(99)
})

test('positions outside of the town are refused', () => {
  for (const [x, y] of [
    [-10.1, 0],
    [0, 400.1],
    [NaN, 0],
  ] as const)
    // prettier-ignore
    expect(() => cellOf(x, y)).toThrow(`the position (${x}, ${y}) is outside of the town`)
})
