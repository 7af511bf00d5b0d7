import { rmdirSync } from 'node:fs'
import { errorCode } from '../system-errors.js'

/**
 * Removes a folder, unless there is something in it, perhaps of another process; nothing happens where there is
 * no folder, nor where a file is in its place or its way: whoever writes there gets the error.
 */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error
  }
}
