import { expect, test } from 'vitest'
import { hostRandom } from '../../src/random.js'
import { fewerColours } from '../../src/video/fewer-colours.js'
import { toRgba } from '../../src/video/rgba.js'

const SIZE = 128
const random = hostRandom('noise', 1)
/** The upper half of a gradient of 128 colours, the lower one of noise. */
const pixels = Uint8Array.from({ length: SIZE * SIZE * 3 }, (_, i) =>
  i < (SIZE * SIZE * 3) / 2 ? Math.floor(i / 3) % SIZE : random.integer(0, 256),
)
const halves = (rgba: Uint8Array) => [rgba.subarray(0, rgba.length / 2), rgba.subarray(rgba.length / 2)]

/** Colours as the search for a palette tells them apart. */
const colours = (rgba: Uint8Array) => {
  const found = new Set<string>()
  for (let i = 0; i < rgba.length; i += 4)
    found.add([3, 2, 3].map((bits, c) => (rgba[i + c] ?? 0) >> bits).join())
  return found.size
}

test('a frame of few colours stays what it is', () => {
  const few = toRgba(pixels.subarray(0, pixels.length / 2))
  expect(fewerColours(few)).toBe(few)
})

test('of many, frequent ones stay, and rare ones become the mean of those that are alike', () => {
  const rgba = toRgba(pixels)
  expect(colours(rgba)).toBeGreaterThan(7000)
  const reduced = fewerColours(rgba)
  expect(colours(reduced)).toBeLessThanOrEqual(2048 + 4096)
  const [smooth, noise] = halves(rgba)
  const [smoothNow, noiseNow] = halves(reduced)
  expect(smoothNow).toEqual(smooth)
  const errors = Int16Array.from(noise ?? [], (value, i) => (noiseNow?.[i] ?? NaN) - value)
  expect(errors.some((error) => error !== 0)).toBe(true)
  // Within 4 bits, whose means they keep, but for rounding.
  expect(errors.every((error) => Math.abs(error) < 16)).toBe(true)
  const cells = new Map<string, number[]>()
  for (let i = 0; i < errors.length; i += 4) {
    const cell = [0, 1, 2].map((c) => (noise?.[i + c] ?? 0) >> 4).join()
    cells.set(cell, [...(cells.get(cell) ?? []), errors[i] ?? NaN])
  }
  for (const reds of cells.values())
    expect(Math.abs(reds.reduce((sum, red) => sum + red, 0))).toBeLessThanOrEqual(0.5 * reds.length)
})
