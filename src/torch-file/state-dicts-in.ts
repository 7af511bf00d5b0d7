import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { isMissing } from '../files.js'
import { readStateDict, type StateDict } from './index.js'

/** A file of weights by PyTorch name. */
export interface WeightFile {
  readonly file: string
  readonly weights: StateDict
}

export interface WeightFiles {
  readonly found: readonly WeightFile[]
  /** Why other files are not among them, one line each. */
  readonly refused: readonly string[]
}

/**
 * The state dicts at a place: a PyTorch file, or those in a folder, in the order of their names. What a file
 * is for is seen from what it holds, so names do not matter.
 * @throws UserError if there is nothing at that place.
 */
export function stateDictsIn(place: string): WeightFiles {
  const found: WeightFile[] = []
  const refused: string[] = []
  for (const file of filesAt(place)) {
    try {
      found.push({ file, weights: readStateDict(file) })
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      refused.push(error.message)
    }
  }
  return { found, refused }
}

function filesAt(place: string): string[] {
  try {
    if (!statSync(place).isDirectory()) return [place]
    const files = readdirSync(place, { withFileTypes: true }).filter((entry) => !entry.isDirectory())
    return files.map(({ name }) => path.join(place, name)).sort()
  } catch (error) {
    const reason = isMissing(error) ? 'it does not exist' : (error as Error).message
    throw new UserError(
      `cannot read weights from ${place}: ${reason}; the README says where they come from`,
      { cause: error },
    )
  }
}
