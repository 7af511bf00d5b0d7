import { expect, test } from 'vitest'
import { pictureStatistics } from '../../../src/sampling/videos/picture-statistics.js'

test('each channel on its own: mean, deviation, sharpness; and motion', () => {
  // Red: 10 and 30 in columns; green: 0, then 4 in the second frame; blue: constant.
  const frame = (green: number) => [10, green, 7, 30, green, 7, 10, green, 7, 30, green, 7]
  const film = { shape: [2, 2, 2, 3] as const, data: Uint8Array.from([...frame(0), ...frame(4)]) }
  expect(pictureStatistics(film)).toEqual({
    mean: [20, 2, 7],
    deviation: [10, 2, 0],
    // Two of four pairs of neighbours differ, by 20.
    sharpness: [10, 0, 0],
    motion: 4 / 3,
  })
})

test('of a single frame there is no motion, unless it goes on from another', () => {
  const film = { shape: [1, 2, 2, 3] as const, data: new Uint8Array(12).fill(9) }
  expect(pictureStatistics(film)).toEqual({ mean: [9, 9, 9], deviation: [0, 0, 0], sharpness: [0, 0, 0] })
  expect(pictureStatistics(film, new Uint8Array(12).fill(9)).motion).toBe(0)
  expect(pictureStatistics(film, new Uint8Array(12).fill(4)).motion).toBe(5)
})

test('motion counts every step alike, that from the frame before among them', () => {
  const frames = [2, 3, 7].flatMap((level) => Array.from({ length: 12 }, () => level))
  const film = { shape: [3, 2, 2, 3] as const, data: Uint8Array.from(frames) }
  expect(pictureStatistics(film).motion).toBe((1 + 4) / 2)
  expect(pictureStatistics(film, new Uint8Array(12).fill(12)).motion).toBe((10 + 1 + 4) / 3)
})
