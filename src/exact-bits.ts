/**
 * To how many bits after the point vectors are to be rounded, so that float64 holds their scalar products and squared
 * distances exactly: all summands are multiples of 2^-2b, and no sum reaches 2^53 of these. What is summed in whatever
 * order, or in parts, is then the same to the last bit.
 * @param mostSquaredLength of any of them: sums of |x_i y_i| are at most that (Cauchy-Schwarz)
 * @returns b: may be negative; at most 64
 */
export function exactBits(mostSquaredLength: number): number {
  // Four times as much in a distance, and room for what rounding adds.
  return Math.min(64, Math.floor((53 - 2 - Math.log2(1.01 * mostSquaredLength)) / 2))
}
