/**
 * The frames `range(end)`: 0, 1, ... below `end`, or `range(start, end)`: from `start` to below `end`, none if `end` is not
 * above `start`.
 */
export function range(start: number, end?: number): number[] {
  const first = end === undefined ? 0 : start
  const numbers: number[] = []
  for (let number = first; number < (end ?? start); number++) numbers.push(number)
  return numbers
}
