/** A word as a shell takes it, in a command that is printed to be copied: quoted only where it has to be. */
export function shellWord(word: string): string {
  return /^[\p{L}\p{N}\p{M}_./:=@%+,-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
