import { readSync } from 'node:fs'
import { UserError } from '../errors.js'

/** One `read` call takes less than 2 GiB. */
const READ_LIMIT = 2 ** 30

/**
 * Fills `target` with the bytes of an open file from `position` on.
 * @param file its path, for the error
 * @throws UserError if the file ends before.
 */
export function readFully(file: string, fd: number, target: Uint8Array, position: number): void {
  for (let done = 0; done < target.length;) {
    const count = readSync(fd, target, done, Math.min(READ_LIMIT, target.length - done), position + done)
    if (count === 0) throw new UserError(`${file}: the file became shorter while it was read`)
    done += count
  }
}
