import { describe, expect, test } from 'vitest'
import { augmentFrame } from '../../../src/carla/training/augment-frame.js'
import { blurFrame } from '../../../src/carla/training/blur-frame.js'
import { shiftHue } from '../../../src/carla/training/shift-hue.js'
import { hostRandom } from '../../../src/random.js'
import { uniform } from '../../helpers/golden.js'

const size = { height: 11, width: 9 }
const kernel = { across: 5, down: 9 }
/** Black but for one pixel of the red channel. */
const dot = (row: number, column: number) => {
  const frame = new Uint8Array(11 * 9 * 3)
  frame[(row * 9 + column) * 3] = 200
  return frame
}
const red = (frame: ArrayLike<number>, row: number, column: number) => frame[(row * 9 + column) * 3] ?? NaN

describe('blur', () => {
  test('spreads a pixel as the product of two Gaussians, within the kernel', () => {
    const sigma = 1.5
    const blurred = blurFrame(dot(5, 4), size, kernel, sigma)
    const sum = (half: number) =>
      Array.from({ length: 2 * half + 1 }, (_, i) => Math.exp(-((i - half) ** 2) / (2 * sigma ** 2))).reduce(
        (total, value) => total + value,
      )
    const scale = 200 / (sum(2) * sum(4))
    for (const [row, column] of [
      [5, 4],
      [5, 6],
      [1, 4],
      [8, 3],
    ] as const) {
      const squares = (row - 5) ** 2 + (column - 4) ** 2
      expect(red(blurred, row, column)).toBeCloseTo(scale * Math.exp(-squares / (2 * sigma ** 2)), 4)
    }
    expect(red(blurred, 5, 7)).toBe(0)
    expect(red(blurred, 0, 4)).toBe(0)
    expect(blurred.filter((_, i) => i % 3 > 0).every((value) => value === 0)).toBe(true)
  })

  test('mirrors at the edges without repeating them, and keeps what is even', () => {
    const across = [2, 1, 0].map((distance) => Math.exp(-(distance ** 2) / 2))
    // The pixel before the first is the second, and the one after the last the last but one.
    const share = (2 * (across[1] ?? 0)) / (1 + (across[0] ?? 0))
    const left = blurFrame(dot(5, 1), size, kernel, 1)
    expect(red(left, 5, 0) / red(left, 5, 1)).toBeCloseTo(share, 5)
    const right = blurFrame(dot(5, 7), size, kernel, 1)
    expect(red(right, 5, 8) / red(right, 5, 7)).toBeCloseTo(share, 5)
    const grey = blurFrame(new Uint8Array(11 * 9 * 3).fill(90), size, kernel, 3)
    for (const value of grey) expect(value).toBeCloseTo(90, 3)
  })
})

describe('hue', () => {
  const turned = (colour: number[], turn: number) => {
    const values = Float32Array.from(colour)
    shiftHue(values, turn)
    return Array.from(values, (value) => Math.round(value * 1e3) / 1e3)
  }

  test('turns around the circle', () => {
    expect(turned([255, 0, 0], 1 / 3)).toEqual([0, 255, 0])
    expect(turned([255, 0, 0], -1 / 3)).toEqual([0, 0, 255])
    expect(turned([255, 0, 0], 1 / 6)).toEqual([255, 255, 0])
    // Value and saturation stay: the largest and the smallest component.
    expect(turned([200, 80, 20], 0.5)).toEqual([20, 140, 200])
    expect(turned([10, 200, 90], 1)).toEqual([10, 200, 90])
    expect(turned([70, 70, 70], 0.3)).toEqual([70, 70, 70])
  })
})

test('changes depend on the generator alone; the frame stays', () => {
  const frame = Uint8Array.from(uniform('frame', 11 * 9 * 3), (u) => 256 * u)
  const before = frame.slice()
  const first = augmentFrame(frame, size, hostRandom(1))
  expect(frame).toEqual(before)
  expect(augmentFrame(frame, size, hostRandom(1))).toEqual(first)
  expect(augmentFrame(frame, size, hostRandom(2))).not.toEqual(first)
  expect(first).not.toEqual(frame)
})

test('brightness stays within a tenth', () => {
  const white = new Uint8Array(11 * 9 * 3).fill(100)
  const levels = Array.from(
    { length: 50 },
    (_, i) => augmentFrame(white, size, hostRandom('grey', i))[0] ?? NaN,
  )
  expect(Math.min(...levels)).toBeGreaterThanOrEqual(90)
  expect(Math.min(...levels)).toBeLessThan(93)
  expect(Math.max(...levels)).toBeLessThanOrEqual(110)
  expect(Math.max(...levels)).toBeGreaterThan(107)
})
