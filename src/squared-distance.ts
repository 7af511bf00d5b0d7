/** Squared Euclidean distances of many pairs of vectors of one length: (from, against). */
export type SquaredDistances = (
  from: readonly Float32Array[],
  against: readonly Float32Array[],
) => Float64Array

/**
 * The squared Euclidean distance of two vectors, summed in float64.
 * @param b of the length of `a`
 */
export function squaredDistance(a: Float32Array, b: Float32Array): number {
  // Four sums at a time, which processors compute at once.
  let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0]
  const whole = a.length - (a.length % 4)
  for (let i = 0; i < whole; i += 4) {
    sum0 += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2
    sum1 += ((a[i + 1] ?? NaN) - (b[i + 1] ?? NaN)) ** 2
    sum2 += ((a[i + 2] ?? NaN) - (b[i + 2] ?? NaN)) ** 2
    sum3 += ((a[i + 3] ?? NaN) - (b[i + 3] ?? NaN)) ** 2
  }
  for (let i = whole; i < a.length; i++) sum0 += ((a[i] ?? NaN) - (b[i] ?? NaN)) ** 2
  return sum0 + sum1 + sum2 + sum3
}
