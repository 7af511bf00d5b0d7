import { UserError } from './errors.js'

/**
 * Does something, and adds to what goes wrong what to do about it.
 * @throws UserError with the advice at the end of its message, where `work` throws one.
 */
export function withAdvice<R>(advice: string, work: () => R): R {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    throw new UserError(`${error.message}; ${advice}`, { cause: error })
  }
}
