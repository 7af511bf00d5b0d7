import { UserError } from './errors.js'

type TypeName = 'function' | 'number' | 'object' | 'string'

/**
 * Checks an argument that is to be an object with certain members. What a type checker would say, for
 * programs that have none.
 * @param what the argument, and what it is to be: `sampleVideo takes as scheme one of samplingSchemes`
 * @throws UserError saying also what came.
 */
export function expectObject(
  what: string,
  value: unknown,
  members: Readonly<Record<string, TypeName>>,
): void {
  const record =
    typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  const fits = (name: string) => typeof record[name] === members[name] && record[name] !== null
  if (record !== value || !Object.keys(members).every(fits)) throw unexpected(what, value)
}

/** @throws UserError unless the argument is a text that is not empty. */
export function expectText(what: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw unexpected(what, value)
}

/** @throws UserError unless the argument is one of these texts. */
export function expectChoice(what: string, value: unknown, choices: readonly string[]): void {
  if (!choices.some((choice) => choice === value)) throw unexpected(`${what} ${choices.join(', ')}`, value)
}

/** @throws UserError unless the argument is an integer of at least `least`. */
export function expectCount(what: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value)) throw unexpected(what, value)
  if (Number(value) < least) throw unexpected(`${what} of at least ${least}`, value)
}

/** @throws UserError unless the argument is a tensor of this shape. */
export function expectShape(what: string, value: unknown, shape: readonly number[]): void {
  const expected = `${what} a tensor (${shape.join(', ')})`
  expectObject(expected, value, { shape: 'object' })
  const given = (value as { readonly shape: readonly number[] }).shape
  if (given.join() !== shape.join()) throw new UserError(`${expected}, not (${given.join(', ')})`)
}

function unexpected(what: string, value: unknown): UserError {
  return new UserError(`${what}, not ${described(value)}`)
}

/** A value in a few words. */
function described(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'function') return 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  const names = Object.keys(value)
  if (names.length === 0) return 'an object without members'
  return `an object with ${names.slice(0, 6).join(', ')}${names.length > 6 ? ', ..' : ''}`
}
