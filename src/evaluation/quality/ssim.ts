/** Weights of the window along one axis: a Gaussian of 1.5 pixels, cut off at 5. */
const RADIUS = 5
const SIGMA = 1.5
const WINDOW = normalised(
  Float64Array.from({ length: 2 * RADIUS + 1 }, (_, i) => Math.exp(-0.5 * ((i - RADIUS) / SIGMA) ** 2)),
)
/** Pixels a side below which no window fits. */
export const SMALLEST_SSIM_FRAME = WINDOW.length

/** (0.01 L)^2 and (0.03 L)^2, L the range of pixels. */
const C1 = (0.01 * 255) ** 2
const C2 = (0.03 * 255) ** 2

/**
 * Structural similarity of two pictures, at most 1 (Wang et al. 2004, equation 13): the mean over all places
 * where an 11x11 window fits and over the colours. The same as scikit-image's `structural_similarity` with
 * `gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255`, the paper's settings.
 * @param a (height, width, 3), 0..255
 * @param b of the same size
 * @throws RangeError if the pictures have other sizes than they should, or are smaller than the window.
 */
export function ssim(
  a: Uint8Array,
  b: Uint8Array,
  { height, width }: { readonly height: number; readonly width: number },
): number {
  if (a.length !== height * width * 3 || b.length !== a.length)
    throw new RangeError(`${a.length} and ${b.length} values are not two pictures of ${width}x${height}`)
  if (Math.min(height, width) < SMALLEST_SSIM_FRAME)
    throw new RangeError(`${width}x${height} pixels are fewer than the window of SSIM has`)
  const values = a.length
  const [meansX, meansY, squares, products] = [0, 1, 2, 3].map(() => new Float64Array(values)) as Moments
  for (let i = 0; i < values; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0]
    meansX[i] = x
    meansY[i] = y
    squares[i] = x * x + y * y
    products[i] = x * y
  }
  const moments = [meansX, meansY, squares, products].map((moment) => weightedMeans(moment, height, width))
  return meanSimilarity(moments as Moments, height - 2 * RADIUS, width)
}

/** Of each window: the means of both pictures, of the sum of their squares, and of their product. */
type Moments = [Float64Array, Float64Array, Float64Array, Float64Array]

function meanSimilarity([meansX, meansY, squares, products]: Moments, rows: number, width: number): number {
  const columns = width - 2 * RADIUS
  let sum = 0
  for (let row = 0; row < rows; row++)
    for (let i = row * width * 3; i < (row * width + columns) * 3; i++) {
      const [x, y] = [meansX[i] ?? NaN, meansY[i] ?? NaN]
      const means = x * x + y * y
      const covariance = (products[i] ?? NaN) - x * y
      const variances = (squares[i] ?? NaN) - means
      sum += ((2 * x * y + C1) * (2 * covariance + C2)) / ((means + C1) * (variances + C2))
    }
  return sum / (rows * columns * 3)
}

/** Each number is the mean of the window that begins there; those of windows that do not fit are of no use. */
function weightedMeans(values: Float64Array, height: number, width: number): Float64Array {
  const ofColumns = slide(values, (height - 2 * RADIUS) * width * 3, width * 3)
  return slide(ofColumns, ofColumns.length - 2 * RADIUS * 3, 3)
}

/** The first `count` weighted sums of numbers that are `step` apart. */
function slide(values: Float64Array, count: number, step: number): Float64Array {
  const sums = new Float64Array(count)
  for (let tap = 0; tap < WINDOW.length; tap++) {
    const weight = WINDOW[tap] ?? 0
    for (let i = 0, from = tap * step; i < count; i++, from++)
      sums[i] = (sums[i] ?? 0) + weight * (values[from] ?? 0)
  }
  return sums
}

function normalised(weights: Float64Array): Float64Array {
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}
