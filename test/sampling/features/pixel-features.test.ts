import { expect, test } from 'vitest'
import { pixelFeatures, pixelFeaturesLength } from '../../../src/sampling/features/pixel-features.js'

/** Values that say where they are: row, column and channel. */
const frame = ([H, W, C]: readonly [number, number, number]) =>
  Float32Array.from({ length: H * W * C }, (_, i) => {
    const [y, x, c] = [Math.floor(i / (W * C)), Math.floor(i / C) % W, i % C]
    return 100 * y + x + 1000 * c
  })

test('a frame is reduced to the means of a grid of cells', () => {
  const shape = [16, 24, 3] as const
  const [features = new Float32Array()] = pixelFeatures.embed([frame(shape)], shape)
  expect(features.length).toBe(8 * 8 * 3)
  // Cells of two rows and three columns.
  features.forEach((value, i) => {
    const [row, column, c] = [Math.floor(i / 24), Math.floor(i / 3) % 8, i % 3]
    expect(value).toBeCloseTo(100 * (2 * row + 0.5) + 3 * column + 1 + 1000 * c, 2)
  })
})

test('a small frame has a cell for each pixel', () => {
  const shape = [2, 5, 3] as const
  expect(pixelFeatures.embed([frame(shape)], shape)).toEqual([frame(shape)])
})

test.each([[[16, 24, 3]], [[2, 5, 3]], [[9, 7, 3]]] as const)(
  'of %j there are as many as is said',
  (shape) => {
    expect(pixelFeatures.embed([frame(shape)], shape)[0]?.length).toBe(pixelFeaturesLength(shape))
  },
)
