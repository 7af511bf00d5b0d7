const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'

/**
 * A new run's name, eight lower-case letters and digits as W&B's are.
 * @param uniform a source of numbers in [0, 1) that differs from call to call
 */
export function newRunId(uniform: () => number): string {
  return Array.from({ length: 8 }, () => ALPHABET[Math.floor(uniform() * ALPHABET.length)]).join('')
}
