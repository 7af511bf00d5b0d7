import { expect, test } from 'vitest'
import { speedHistogram } from '../../src/carla/speed-histogram.js'
import type { Shape } from '../../src/pictures/drawing.js'

const LIMIT = 20

/** Where the bars of the data set that stand for some speed are, and the numbers below the axis, from the left. */
function drawn(real: readonly number[]) {
  const { shapes } = speedHistogram([1], real, LIMIT)
  const places = (of: (shape: Shape) => number | undefined) =>
    shapes.map(of).filter((place) => place !== undefined)
  return {
    bars: places((shape) => (shape.kind === 'rectangle' && shape.size[1] > 12 ? shape.corner[0] : undefined)),
    ticks: Object.fromEntries(
      shapes.flatMap((shape) =>
        shape.kind === 'text' && shape.anchor === 'middle' ? [[shape.text, shape.at[0]]] : [],
      ),
    ) as Readonly<Record<string, number>>,
  }
}

test('the numbers below the axis are where the bars of these speeds begin or end', () => {
  // One bar is 1 / 39 of the limit wide; the 40th, from the limit on, is for all faster ones.
  const slowest = drawn([0])
  expect(slowest.bars).toEqual([slowest.ticks['0']])
  const { bars, ticks } = drawn([LIMIT + 0.1, 10 * LIMIT])
  expect(bars).toHaveLength(1)
  expect(ticks['20']).toBeCloseTo(bars[0] ?? NaN, 9)
  const width = ((ticks['20'] ?? NaN) - (ticks['0'] ?? NaN)) / 39
  const [middle = NaN] = drawn([LIMIT / 2]).bars
  expect(middle).toBeLessThan(ticks['10'] ?? NaN)
  expect(middle + width).toBeGreaterThan(ticks['10'] ?? NaN)
})
