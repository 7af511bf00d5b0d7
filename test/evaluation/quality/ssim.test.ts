import { expect, test } from 'vitest'
import { psnr } from '../../../src/evaluation/quality/psnr.js'
import { ssim } from '../../../src/evaluation/quality/ssim.js'

const size = { height: 17, width: 23 }

/** A picture from a function of place and colour, wrapped into 0..255. */
function picture(value: (y: number, x: number, c: number) => number): Uint8Array {
  const { height, width } = size
  return Uint8Array.from({ length: height * width * 3 }, (_, i) =>
    value(Math.floor(i / 3 / width), Math.floor(i / 3) % width, i % 3),
  )
}

const first = picture((y, x, c) => (5 * y + 3 * x * (c + 1) + ((x * y) % 7) * 9) % 256)
const second = picture((y, x, c) => {
  const level = (first[(y * size.width + x) * 3 + c] ?? 0) + ((x * 5 + y * 3 + c) % 41) - 20
  return Math.min(255, Math.max(0, level))
})

test('both are what scikit-image 0.26 makes of these pictures', () => {
  // structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
  //   data_range=255, channel_axis=2); peak_signal_noise_ratio(a, b, data_range=255)
  expect(ssim(first, second, size)).toBeCloseTo(0.9029544166643042, 12)
  expect(psnr(first, second)).toBeCloseTo(26.853295003697983, 12)
})

test('equal pictures are as similar as can be', () => {
  expect(ssim(first, first, size)).toBeCloseTo(1, 12)
  // One level in one of 17 x 23 x 3 values.
  expect(psnr(first, first)).toBeCloseTo(10 * Math.log10(255 ** 2 * 17 * 23 * 3), 12)
  const almost = first.slice()
  almost[7] = (first[7] ?? 0) + 2
  expect(psnr(first, almost)).toBeLessThan(psnr(first, first))
})

test('of flat pictures, similarity is that of their brightness', () => {
  const [dark, bright] = [picture(() => 40), picture(() => 200)]
  const c1 = 2.55 ** 2
  expect(ssim(dark, bright, size)).toBeCloseTo((2 * 40 * 200 + c1) / (40 ** 2 + 200 ** 2 + c1), 10)
  expect(psnr(dark, bright)).toBeCloseTo(20 * Math.log10(255 / 160), 12)
})

test('the mean is over all places: what is beyond the window of each does not count', () => {
  // The corner is 6 pixels from the nearest centre of a window, along both axes.
  const changed = picture((y, x, c) => (y + x === 0 ? 255 : (first[(y * size.width + x) * 3 + c] ?? 0)))
  const loss = 1 - ssim(first, changed, size)
  expect(loss).toBeGreaterThan(0)
  expect(loss).toBeLessThan(1e-3)
})

test('pictures that cannot be compared are refused', () => {
  expect(() => ssim(first, second.subarray(3), size)).toThrow('are not two pictures of 23x17')
  expect(() => ssim(new Uint8Array(300), new Uint8Array(300), { height: 10, width: 10 })).toThrow(
    'fewer than',
  )
  expect(() => psnr(first, second.subarray(3))).toThrow('cannot be compared')
  expect(() => psnr(new Uint8Array(), new Uint8Array())).toThrow('cannot be compared')
})
