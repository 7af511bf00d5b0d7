import { UserError } from '../errors.js'
import { fileReason } from '../system-errors.js'

/**
 * The error to throw where a file or a folder cannot be written or read: in the person's words if it is the
 * person's affair, faults of the program as they are.
 */
export function fileFailure(what: 'read' | 'write', place: string, error: unknown): unknown {
  const reason = fileReason(error)
  return reason ? new UserError(`could not ${what} ${place}: ${reason}`, { cause: error }) : error
}
