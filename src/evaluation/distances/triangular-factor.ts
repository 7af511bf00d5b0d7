import { pauses, type Steps } from '../../in-turns.js'

/**
 * R of a QR decomposition A = Q R by Householder reflections (Golub & Van Loan 2013, algorithm 5.2.1), so that
 * R^T R = A^T A, with as many rows as A has independent columns. What is left of a column that depends on
 * those before it is rounding, and is set to zero: reflections made of rounding would shrink from column to
 * column until they are no reflections any more.
 * @param columns D columns of n numbers each, one after the other
 * @returns D columns of `rank` numbers each
 */
export function* triangularFactor(
  columns: Float64Array,
  n: number,
): Steps<{ readonly rank: number; readonly columns: Float64Array }> {
  const isPauseDue = pauses()
  const D = columns.length / n
  const work = columns.slice()
  const column = (k: number) => work.subarray(k * n, (k + 1) * n)
  let rank = 0
  for (let k = 0; k < D; k++) {
    const v = column(k)
    const norm = length(v, rank)
    if (norm <= n * Number.EPSILON * length(columns.subarray(k * n, (k + 1) * n), 0)) {
      v.fill(0, rank)
      continue
    }
    const diagonal = (v[rank] ?? 0) > 0 ? -norm : norm
    v[rank] = (v[rank] ?? 0) - diagonal
    const scale = -1 / (diagonal * (v[rank] ?? NaN))
    for (let j = k + 1; j < D; j++) {
      reflect(column(j), v, scale, rank)
      if (isPauseDue(2 * (n - rank))) yield
    }
    v[rank] = diagonal
    v.fill(0, ++rank)
  }
  const factor = new Float64Array(D * rank)
  for (let k = 0; k < D; k++) factor.set(column(k).subarray(0, rank), k * rank)
  return { rank, columns: factor }
}

/** Takes the part along `v` off twice, from the place `from` on. */
function reflect(column: Float64Array, v: Float64Array, scale: number, from: number): void {
  let product = 0
  for (let i = from; i < v.length; i++) product += (v[i] ?? 0) * (column[i] ?? 0)
  product *= scale
  for (let i = from; i < v.length; i++) column[i] = (column[i] ?? 0) - product * (v[i] ?? 0)
}

function length(values: Float64Array, from: number): number {
  let sum = 0
  for (let i = from; i < values.length; i++) sum += (values[i] ?? 0) ** 2
  return Math.sqrt(sum)
}
