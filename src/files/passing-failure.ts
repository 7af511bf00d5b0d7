import { UserError } from '../errors.js'
import { errorCode } from '../system-errors.js'

/** Something that a disk does not take now and that has no code of the system's: it may take it later. */
export class PassingFailure extends UserError {
  override readonly name = 'PassingFailure'
}

/**
 * What a place that could be written to before may say and take back: a disk that is full or does not answer, one
 * of the network that was away, rights that have run out with a ticket or were changed by mistake. Not what
 * waiting does not change: a name that is too long, a file in a folder's place.
 */
const PASSING: ReadonlySet<string | undefined> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EROFS',
  'ESTALE',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EBUSY',
  'EAGAIN',
  'ETIMEDOUT',
  'ENOTCONN',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ESHUTDOWN',
  'EKEYEXPIRED',
])

/** Whether an error, or what it comes from, is one after which it is worth trying again. */
export function isPassing(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause)
    if (each instanceof PassingFailure || PASSING.has(errorCode(each))) return true
  return false
}

/**
 * Does something.
 * @returns what it failed of, if it is worth trying again
 * @throws other errors
 */
export function passingFailureOf(work: () => void): Error | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (!isPassing(error)) throw error
    return error as Error
  }
}
