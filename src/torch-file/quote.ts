const LIMIT = 80

/** A text from a file, fit for one line of a message: quoted, control characters escaped, cut if long. */
export function quote(text: string): string {
  return JSON.stringify(text.length > LIMIT ? `${text.slice(0, LIMIT)}…` : text)
}
