import { expect, test } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { featuresMemory } from '../../../src/sampling/features/features-memory.js'

test('comparing frames takes a vector for each, and a distance for each pair', () => {
  // Pixels: 8 x 8 cells of three channels, or a cell for each pixel of a small frame.
  expect(featuresMemory('pixels', 1000, 64)).toEqual({ embeddingBytes: 768_000, distanceBytes: 12_000_000 })
  expect(featuresMemory('pixels', 10, 4)).toEqual({ embeddingBytes: 1920, distanceBytes: 1200 })
  const { embeddingBytes, distanceBytes } = featuresMemory('lpips', 300, 64)
  expect(distanceBytes).toBe(1_080_000)
  // 64 x 15x15, 192 x 7x7 and 384, 256 and 256 channels of 3x3.
  expect(embeddingBytes).toBe(4 * 300 * (14_400 + 9_408 + 896 * 9))
  // On a GPU those of LPIPS are float64; pixels are compared by processors everywhere.
  expect(featuresMemory('lpips', 300, 64, true)).toEqual({
    embeddingBytes: 2 * embeddingBytes,
    distanceBytes,
  })
  expect(featuresMemory('pixels', 1000, 64, true)).toEqual(featuresMemory('pixels', 1000, 64))
  expect(() => featuresMemory('lpips', 300, 16)).toThrow(UserError)
})
