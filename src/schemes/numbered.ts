import { frameRanges } from './frame-ranges.js'

/** Which of numbered things, in words: `frame 12`, `frames 3,7-11`. */
export function numbered(one: string, numbers: readonly number[]): string {
  return `${one}${new Set(numbers).size === 1 ? '' : 's'} ${frameRanges(numbers)}`
}
