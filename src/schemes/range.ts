/** The integers 0, 1, ... below `end`, or from `start` to below `end`. */
export function range(start: number, end?: number): number[] {
  const first = end === undefined ? 0 : start
  const numbers: number[] = []
  for (let number = first; number < (end ?? start); number++) numbers.push(number)
  return numbers
}
