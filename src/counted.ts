/**
 * A number of things in words: `1 video`, `0 videos`, `2 tries`.
 * @param more what more than one, or none, are called
 */
export function counted(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`
}
