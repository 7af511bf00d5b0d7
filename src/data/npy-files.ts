import { readdirSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { isMissing } from '../system-errors.js'
import { byName } from './by-name.js'

/**
 * The videos of one split of a folder with `train/<i>.npy` and `test/<i>.npy`, by number.
 * @throws UserError if the split's folder is missing.
 */
export function npyFiles(folder: string, split: 'train' | 'test'): string[] {
  const splitFolder = path.join(folder, split)
  try {
    const names = readdirSync(splitFolder).filter((name) => name.endsWith('.npy') && !name.startsWith('.'))
    return names.sort(byName).map((name) => path.join(splitFolder, name))
  } catch (error) {
    if (isMissing(error)) throw new UserError(`${folder} has no folder ${split} with the ${split} videos`)
    throw error
  }
}
