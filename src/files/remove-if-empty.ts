import { rmdirSync } from 'node:fs'
import { errorCode, fileReason } from '../system-errors.js'

/**
 * Removes a folder, unless there is something in it, perhaps of another process. Where it cannot be removed, as on
 * a disk that is read-only, it stays: an empty folder is in nobody's way, and whoever writes there gets the error.
 */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    if (fileReason(error) === undefined && errorCode(error) !== 'ENOTEMPTY') throw error
  }
}
