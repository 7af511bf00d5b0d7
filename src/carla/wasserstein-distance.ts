/**
 * The Wasserstein distance of order 1 between two sets of numbers: the area between their cumulative
 * distribution functions (Vallender 1974).
 * @throws RangeError if one is empty.
 */
export function wassersteinDistance(a: Iterable<number>, b: Iterable<number>): number {
  const [first, second] = [Float64Array.from(a).sort(), Float64Array.from(b).sort()]
  if (first.length === 0 || second.length === 0) throw new RangeError('a distance to no numbers at all')
  let area = 0
  let here = Math.min(first[0] ?? NaN, second[0] ?? NaN)
  for (let i = 0, j = 0; i < first.length || j < second.length;) {
    // Up to the next number of either set, both functions are constant.
    const next = Math.min(first[i] ?? Infinity, second[j] ?? Infinity)
    area += Math.abs(i / first.length - j / second.length) * (next - here)
    here = next
    while (first[i] === next) i++
    while (second[j] === next) j++
  }
  return area
}
