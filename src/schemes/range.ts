/** The integers 0, 1, ... below `end`, or from `start` to below `end`. */
export function range(start: number, end?: number): number[] {
  const first = end === undefined ? 0 : start
  return Array.from({ length: Math.max(0, (end ?? start) - first) }, (_, i) => first + i)
}
