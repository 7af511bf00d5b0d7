import { closeSync, openSync } from 'node:fs'
import { UserError } from '../errors.js'
import { errorCode, fileReason } from '../system-errors.js'

/**
 * Opens a file to read, and closes it in the end.
 * @throws UserError naming the file if it cannot be opened.
 */
export function openToRead<T>(file: string, use: (fd: number) => T): T {
  let fd: number
  try {
    fd = openSync(file, 'r')
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
