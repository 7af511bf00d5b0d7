import { readdirSync } from 'node:fs'
import { errorCode, isMissing } from '../system-errors.js'
import { fileFailure } from './file-failure.js'

/**
 * What is in a folder, or what of it begins with `start`; nothing if the folder is not there, or a file is in
 * its place or its way: whoever writes there gets the error.
 * @throws UserError naming the folder if it cannot be looked into.
 */
export function namesIn(folder: string, start = ''): string[] {
  try {
    return readdirSync(folder).filter((name) => name.startsWith(start))
  } catch (error) {
    if (isMissing(error) || errorCode(error) === 'ENOTDIR') return []
    throw fileFailure('read', folder, error)
  }
}
