import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { isMissing } from '../system-errors.js'

/**
 * The files at a place that a person named for weights: that file, or those in a folder, by name.
 * @param depth folders that are looked into, one inside the other
 * @throws UserError if there is nothing at that place.
 */
export function weightFilesAt(place: string, depth = 1): string[] {
  try {
    if (!statSync(place).isDirectory()) return [place]
    const entries = readdirSync(place, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
    return entries.flatMap((entry) => {
      const inner = path.join(place, entry.name)
      if (!entry.isDirectory()) return [inner]
      return depth > 1 ? weightFilesAt(inner, depth - 1) : []
    })
  } catch (error) {
    if (error instanceof UserError) throw error
    const reason = isMissing(error) ? 'it does not exist' : (error as Error).message
    throw new UserError(
      `cannot read weights from ${place}: ${reason}; the README says where they come from`,
      { cause: error },
    )
  }
}
