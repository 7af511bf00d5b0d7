import { closeSync, constants, openSync } from 'node:fs'
import { UserError } from '../errors.js'
import { errorCode, fileReason } from '../system-errors.js'

/** Without waiting for whoever writes to a named pipe: the process would hear no signal meanwhile. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- Windows has no such flag
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/**
 * Opens a file to read, and closes it in the end.
 * @throws UserError naming the file if it cannot be opened.
 */
export function openToRead<T>(file: string, use: (fd: number) => T): T {
  let fd: number
  try {
    fd = openSync(file, READ)
  } catch (error) {
    const reason = fileReason(error) ?? errorCode(error) ?? String(error)
    throw new UserError(`could not read ${file}: ${reason}`, { cause: error })
  }
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}
