import { UserError } from '../errors.js'
import { readStateDict, type StateDict } from './index.js'
import { weightFilesAt } from './weight-files-at.js'

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
  for (const file of weightFilesAt(place)) {
    try {
      found.push({ file, weights: readStateDict(file) })
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      refused.push(error.message)
    }
  }
  return { found, refused }
}
