import { readdirSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { isMissing } from '../system-errors.js'
import { byName } from './by-name.js'
import { BadVideoError, type BadVideo } from './file-dataset.js'

/**
 * The videos of one split of a folder with `train/<i>.npy` and `test/<i>.npy`, by number. Where all names are
 * numbers, these count from 0: after one that is missing, each video would be taken for the one before it.
 * @param onBad told of numbers that are missing, which are then passed over; without it they are errors
 * @throws UserError if the split's folder is missing, or numbers are, naming the files.
 */
export function npyFiles(folder: string, split: 'train' | 'test', onBad?: (bad: BadVideo) => void): string[] {
  const splitFolder = path.join(folder, split)
  const names = npyNames(splitFolder)
  if (!names) throw new UserError(`${folder} has no folder ${split} with the ${split} videos`)
  const missing = missingFiles(names)
  const reason = (files: readonly string[]) =>
    `${splitFolder} has no ${files.join(', ')}, but ${names.at(-1)}: its videos are numbered from 0 without gaps`
  if (missing.length > 0 && !onBad) throw new BadVideoError(reason(missing))
  for (const files of missing) onBad?.({ video: path.join(splitFolder, files), reason: reason([files]) })
  return names.map((name) => path.join(splitFolder, name))
}

function npyNames(folder: string): string[] | undefined {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.npy') && !name.startsWith('.'))
    return names.sort(byName)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** The files between those of a numbered folder: `3.npy`, or `3.npy to 5.npy`. Other names have no order to miss. */
function missingFiles(names: readonly string[]): string[] {
  if (!names.every((name) => /^(0|[1-9]\d*)\.npy$/.test(name))) return []
  let next = 0
  return names.flatMap((name) => {
    const [first, number] = [next, Number.parseInt(name)]
    next = number + 1
    if (number === first) return []
    return [number === first + 1 ? `${first}.npy` : `${first}.npy to ${number - 1}.npy`]
  })
}
