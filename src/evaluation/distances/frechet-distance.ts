import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { atOnce, type Steps } from '../../in-turns.js'
import { checkComparable, type Features } from './features.js'
import { triangularFactor } from './triangular-factor.js'

/**
 * The Fréchet distance of two Gaussians fitted to feature vectors, with unbiased covariances (Dowson & Landau
 * 1982): `|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))`.
 *
 * The last trace is computed without a matrix root: with S = A^T A for either set, it is the sum of the
 * singular values of A1 A2^T. That is exact also where the covariances are singular, as they are with fewer
 * vectors than features, so that nothing needs to be added to their diagonals.
 * @param a, b at least 2 vectors each
 */
export function frechetDistance(a: Features, b: Features): number {
  return atOnce(frechetSteps(a, b))
}

/** As `frechetDistance`, with pauses. The longest part are the singular values: of 400 features less than a second. */
export function* frechetSteps(a: Features, b: Features): Steps<number> {
  checkComparable(a, b)
  const first = yield* gaussianOf(a)
  const second = yield* gaussianOf(b)
  yield
  const shift = first.mean.reduce((sum, value, i) => sum + (value - (second.mean[i] ?? NaN)) ** 2, 0)
  return shift + first.trace + second.trace - 2 * nuclearNorm(first.factor.mmul(second.factor.transpose()))
}

interface Gaussian {
  readonly mean: Float64Array
  /** Of the covariance. */
  readonly trace: number
  /** A of S = A^T A: (its rank, D). */
  readonly factor: Matrix
}

function* gaussianOf({ count, dimensions, values }: Features): Steps<Gaussian> {
  // From the first vector on: a feature that never changes has then no rounding for a variance.
  const first = values.subarray(0, dimensions)
  const mean = first.slice()
  values.forEach((value, i) => {
    const k = i % dimensions
    mean[k] = (mean[k] ?? 0) + (value - (first[k] ?? NaN)) / count
  })
  const scale = 1 / Math.sqrt(count - 1)
  const centred = values.map((value, i) => (value - (mean[i % dimensions] ?? NaN)) * scale)
  return {
    mean,
    trace: centred.reduce((sum, value) => sum + value * value, 0),
    factor: yield* factorOf(centred, count, dimensions),
  }
}

/** The triangle of their QR decomposition is as good as all rows. */
function* factorOf(rows: Float64Array, count: number, dimensions: number): Steps<Matrix> {
  const columns = new Float64Array(rows.length)
  rows.forEach((value, i) => (columns[(i % dimensions) * count + Math.floor(i / dimensions)] = value))
  const factor = yield* triangularFactor(columns, count)
  return Matrix.from1DArray(dimensions, factor.rank, factor.columns).transpose()
}

/** The sum of the singular values. */
function nuclearNorm(matrix: Matrix): number {
  if (matrix.rows === 0 || matrix.columns === 0) return 0
  const decomposition = new SingularValueDecomposition(matrix, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  })
  return decomposition.diagonal.reduce((sum, value) => sum + value, 0)
}
