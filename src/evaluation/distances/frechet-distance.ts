import { Matrix, QrDecomposition, SingularValueDecomposition } from 'ml-matrix'
import { checkComparable, type Features } from './features.js'

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
  checkComparable(a, b)
  const [first, second] = [gaussianOf(a), gaussianOf(b)]
  const shift = first.mean.reduce((sum, value, i) => sum + (value - (second.mean[i] ?? NaN)) ** 2, 0)
  return shift + first.trace + second.trace - 2 * nuclearNorm(first.factor.mmul(second.factor.transpose()))
}

interface Gaussian {
  readonly mean: Float64Array
  /** Of the covariance. */
  readonly trace: number
  /** A of S = A^T A: (at most D, D). */
  readonly factor: Matrix
}

function gaussianOf({ count, dimensions, values }: Features): Gaussian {
  const mean = new Float64Array(dimensions)
  values.forEach((value, i) => (mean[i % dimensions] = (mean[i % dimensions] ?? 0) + value / count))
  const scale = 1 / Math.sqrt(count - 1)
  const centred = values.map((value, i) => (value - (mean[i % dimensions] ?? NaN)) * scale)
  const rows = Matrix.from1DArray(count, dimensions, centred)
  return {
    mean,
    trace: centred.reduce((sum, value) => sum + value * value, 0),
    // More rows than columns are as good as the triangle of their QR decomposition.
    factor: count <= dimensions ? rows : new QrDecomposition(rows).upperTriangularMatrix,
  }
}

/** The sum of the singular values. */
function nuclearNorm(matrix: Matrix): number {
  const decomposition = new SingularValueDecomposition(matrix, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
    autoTranspose: true,
  })
  return decomposition.diagonal.reduce((sum, value) => sum + value, 0)
}
