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

test('a single frame does not move', () => {
  const film = { shape: [1, 2, 2, 3] as const, data: new Uint8Array(12).fill(9) }
  expect(pictureStatistics(film)).toMatchObject({ mean: [9, 9, 9], motion: 0 })
})
