/**
 * Blurs with a Gaussian, first across, then down; edges are mirrored without repeating the outermost pixels.
 * @param frame (height, width, 3)
 * @param kernel odd numbers of pixels, at most twice the frame's less 1
 * @param sigma in pixels
 */
export function blurFrame(
  frame: ArrayLike<number>,
  { height, width }: { readonly height: number; readonly width: number },
  kernel: { readonly across: number; readonly down: number },
  sigma: number,
): Float32Array {
  const across = filter(Float32Array.from(frame), gaussian(kernel.across, sigma), {
    ...{ count: width, step: 3 },
    starts: starts(height, 3 * width, 3),
  })
  return filter(across, gaussian(kernel.down, sigma), {
    ...{ count: height, step: 3 * width },
    starts: starts(1, 0, 3 * width),
  })
}

function gaussian(size: number, sigma: number): number[] {
  const half = (size - 1) / 2
  const weights = Array.from({ length: size }, (_, i) => Math.exp(-(((i - half) / sigma) ** 2) / 2))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

/** Lines of `count` values that lie `step` apart. */
interface Lines {
  readonly count: number
  readonly step: number
  readonly starts: readonly number[]
}

function starts(rows: number, stride: number, inRow: number): number[] {
  return Array.from({ length: rows * inRow }, (_, i) => Math.floor(i / inRow) * stride + (i % inRow))
}

function filter(
  values: Float32Array,
  weights: readonly number[],
  { count, step, starts }: Lines,
): Float32Array {
  const half = (weights.length - 1) / 2
  const result = new Float32Array(values.length)
  for (let i = 0; i < count; i++)
    weights.forEach((weight, k) => {
      const from = mirrored(i + k - half, count) * step
      for (const start of starts) {
        const to = start + i * step
        result[to] = (result[to] ?? NaN) + weight * (values[start + from] ?? NaN)
      }
    })
  return result
}

function mirrored(i: number, count: number): number {
  const inside = Math.abs(i)
  return inside < count ? inside : 2 * (count - 1) - inside
}
