import type { Terminal } from './terminal.js'

/**
 * Prints what is in the hands of other processes, once for each change.
 * @param wait whether this process waits for them
 * @param named the numbers of videos or stages in words
 */
export function tellOfOthers(
  terminal: Terminal,
  wait: boolean,
  named: (numbers: readonly number[]) => string,
): (numbers: readonly number[]) => void {
  let told = ''
  return (numbers) => {
    if (named(numbers) === told) return
    told = named(numbers)
    const end = wait ? 'waiting for them (--wait False does not)' : 'left to them'
    terminal.log(`others are at work on ${told}: ${end}`)
  }
}
