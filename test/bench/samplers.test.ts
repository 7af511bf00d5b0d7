import { expect, test } from 'vitest'
import { compareVideos } from '../../src/bench/samplers.js'

const shape = [2, 3, 16, 16, 3] as const
const truth = {
  shape,
  data: Uint8Array.from({ length: 2 * 3 * 16 * 16 * 3 }, (_, i) => (i * i + 7 * i) % 200),
}
const changed = (change: (level: number, i: number) => number) => ({ shape, data: truth.data.map(change) })

test('videos are compared frame by frame and as sets, given frames left out', () => {
  const frame = 16 * 16 * 3
  const same = compareVideos(
    changed((level, i) => (i % (3 * frame) < frame ? 0 : level)),
    truth,
    1,
  )
  expect(same).toMatchObject({ ssim: 1, sharpness: 1 })
  expect(same.frechet).toBeCloseTo(0, 9)
  const brighter = compareVideos(
    changed((level) => level + 20),
    truth,
    1,
  )
  expect(brighter.psnr).toBeCloseTo(20 * Math.log10(255 / 20), 6)
  expect(brighter.sharpness).toBeCloseTo(1, 9)
  // 8x8 cells of 3 colours, each 40/255 brighter.
  expect(brighter.frechet).toBeCloseTo(192 * (40 / 255) ** 2, 4)
  const flat = compareVideos(
    changed(() => 100),
    truth,
    1,
  )
  expect(flat.sharpness).toBe(0)
  expect(flat.psnr).toBeLessThan(brighter.psnr)
})
