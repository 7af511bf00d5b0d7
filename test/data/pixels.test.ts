import { expect, test } from 'vitest'
import { fromPixels, toPixels } from '../../src/data/pixels.js'

const levels = Uint8Array.from({ length: 256 }, (_, p) => p)

test('pixels span -1 to 1 by 2 p / 255 - 1', () => {
  const scaled = fromPixels(levels)
  expect([scaled[0], scaled[255]]).toEqual([-1, 1])
  for (const [p, value] of scaled.entries()) expect(value).toBe(Math.fround((2 * p) / 255 - 1))
})

test('every level comes back as itself', () => {
  expect(toPixels(fromPixels(levels))).toEqual(levels)
})

test('the way back rounds to the nearest level and clamps', () => {
  const level = (p: number) => (2 * p) / 255 - 1
  expect([...toPixels([level(100.4), level(100.6), level(-0.4), 1.7, -9, NaN])]).toEqual([
    100, 101, 0, 255, 0, 0,
  ])
})
