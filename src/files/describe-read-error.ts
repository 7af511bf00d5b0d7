import { UserError } from '../errors.js'
import { fileReason } from '../system-errors.js'

/** What went wrong with reading a file or a folder, in a line; faults of the program as they are. */
export function describeReadError(place: string, error: unknown): unknown {
  const reason = fileReason(error)
  return reason === undefined ? error : new UserError(`could not read ${place}: ${reason}`, { cause: error })
}
