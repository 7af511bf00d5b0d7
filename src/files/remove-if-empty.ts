import { rmdirSync } from 'node:fs'
import { errorCode } from '../system-errors.js'

/** Removes a folder, unless there is something in it, perhaps of another process. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error
  }
}
