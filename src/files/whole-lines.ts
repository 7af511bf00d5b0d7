import { closeSync, openSync, readSync } from 'node:fs'
import { isMissing } from '../system-errors.js'

/** A line of a file, without its line feed. */
export interface FileLine {
  readonly text: string
  /** Where the next line begins, in bytes. */
  readonly end: number
}

/** Bytes read at once. */
const BLOCK = 1 << 20

/**
 * The lines of a file that end with a line feed, read bit by bit: the log of a long run may be larger than what a
 * string holds. None of a file that is not there.
 * @throws the system's error if it cannot be read.
 */
export function* wholeLines(file: string): Generator<FileLine, void> {
  const fd = openIfThere(file)
  if (fd === undefined) return
  try {
    let end = 0
    /** Pieces of a line whose end has not been read, which are put together once. */
    let begun: Buffer[] = []
    for (;;) {
      const block = Buffer.alloc(BLOCK)
      const count = readSync(fd, block, 0, BLOCK, null)
      if (count === 0) return
      const bytes = block.subarray(0, count)
      let start = 0
      for (let feed = bytes.indexOf('\n'); feed !== -1; feed = bytes.indexOf('\n', start)) {
        const line = Buffer.concat([...begun, bytes.subarray(start, feed)])
        begun = []
        end += line.length + 1
        yield { text: line.toString('utf8'), end }
        start = feed + 1
      }
      if (start < count) begun.push(bytes.subarray(start))
    }
  } finally {
    closeSync(fd)
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
