import { UserError } from './errors.js'

/**
 * The number of threads that the variable FDM_THREADS asks for; undefined if it says nothing.
 * @throws UserError unless that is an integer of at least 1.
 */
export function threadsAsked(): number | undefined {
  const value = process.env.FDM_THREADS
  if (!value) return undefined
  const threads = Number(value)
  if (!Number.isSafeInteger(threads) || threads < 1)
    throw new UserError(`the variable FDM_THREADS takes an integer of at least 1, not "${value}"`)
  return threads
}
