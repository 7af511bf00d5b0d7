import { readdirSync } from 'node:fs'
import { isMissing } from '../system-errors.js'

/** What is in a folder, or what of it begins with `start`; nothing if the folder is not there. */
export function namesIn(folder: string, start = ''): string[] {
  try {
    return readdirSync(folder).filter((name) => name.startsWith(start))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
