import { UserError } from '../errors.js'
import { fileReason } from '../system-errors.js'

/** The error to throw where a tracker cannot write or read: in the person's words if it is the person's affair. */
export function fileFailure(what: 'read' | 'write', place: string, error: unknown): unknown {
  const reason = fileReason(error)
  return reason ? new UserError(`could not ${what} ${place}: ${reason}`, { cause: error }) : error
}
