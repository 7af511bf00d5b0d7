/** The mean, summed in float64; NaN for none. */
export function mean(values: readonly number[] | Float32Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}
