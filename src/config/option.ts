import { UserError } from '../errors.js'
import { expectObject } from '../expect.js'

/**
 * An option is declared once, here as data: the command line, the record's type, the check of a loaded
 * file and the documentation all come from the same declaration. Names are those of the original program,
 * so that one name serves the terminal, the checkpoint's config and the code.
 */
export type Option = NumberOption | TextOption | ChoiceOption | FlagOption

interface NumberOption {
  readonly kind: 'int' | 'float'
  readonly default: number | undefined
  readonly help: string
  readonly min?: number
  readonly max?: number
}
interface TextOption {
  readonly kind: 'text'
  readonly default: string | undefined
  readonly help: string
  /** The option that says the same in another way: only one of them may be given. */
  readonly insteadOf?: string
  /** Reads what more than any text is meant by. @throws UserError for what it is not */
  readonly read?: (text: string) => string
}
interface ChoiceOption {
  readonly kind: 'choice'
  readonly default: string | undefined
  readonly help: string
  readonly choices: readonly string[]
}
interface FlagOption {
  readonly kind: 'flag'
  readonly default: boolean
  readonly help: string
}

export type OptionTable = Readonly<Record<string, Option>>

type BaseValue<O extends Option> = O extends ChoiceOption
  ? O['choices'][number]
  : O extends NumberOption
    ? number
    : O extends FlagOption
      ? boolean
      : O extends { readonly read: (text: string) => infer V }
        ? V
        : string

export type OptionValue<O extends Option> = undefined extends O['default']
  ? BaseValue<O> | undefined
  : BaseValue<O>

/** The readonly record that a table of options describes. */
export type ConfigOf<T extends OptionTable> = { readonly [K in keyof T]: OptionValue<T[K]> }

interface Limits {
  readonly min?: number
  readonly max?: number
}
export const int = <const D extends number | undefined>(value: D, help: string, limits: Limits = {}) =>
  ({ kind: 'int', default: value, help, ...limits }) as const
export const float = <const D extends number | undefined>(value: D, help: string, limits: Limits = {}) =>
  ({ kind: 'float', default: value, help, ...limits }) as const
export const text = <
  const D extends string | undefined,
  const M extends Pick<TextOption, 'insteadOf' | 'read'> = object,
>(
  value: D,
  help: string,
  more: M = {} as M,
) => ({ kind: 'text', default: value, help, ...more }) as const
export const flag = (value: boolean, help: string) => ({ kind: 'flag', default: value, help }) as const
export const choice = <const C extends readonly string[], const D extends C[number] | undefined>(
  value: D,
  choices: C,
  help: string,
) => ({ kind: 'choice', default: value, choices, help }) as const

/** The record of defaults of a table. */
export function defaultsOf<T extends OptionTable>(table: T): ConfigOf<T> {
  return Object.fromEntries(
    Object.entries(table).map(([name, option]) => [name, option.default]),
  ) as ConfigOf<T>
}

/**
 * Reads one option from the text a person typed.
 * @throws UserError naming the option, what it expects and what came.
 */
export function parseOption(name: string, option: Option, typed: string): string | number | boolean {
  switch (option.kind) {
    case 'int':
    case 'float':
      // The text itself if it is no number, so that the error shows what was typed.
      return checkOption(name, option, typed.trim() === '' || isNaN(Number(typed)) ? typed : Number(typed))
    case 'flag': {
      if (/^(true|yes|t|y|1)$/i.test(typed)) return true
      if (/^(false|no|f|n|0)$/i.test(typed)) return false
      throw invalid(name, option, typed)
    }
    case 'text':
      // Such as a variable of a shell that is not set: it must not become the working folder, for instance.
      // One that says the same as another in its way is left out to say nothing.
      if (typed === '' && (option.default !== '' || option.insteadOf !== undefined))
        throw new UserError(`--${name} is empty: give it a value, or leave it out`)
      return option.read ? option.read(typed) : typed
    default:
      return checkOption(name, option, typed)
  }
}

/**
 * Checks one value, from a file or from code.
 * @throws UserError naming the option, what it expects and what came.
 */
export function checkOption(name: string, option: Option, value: unknown): string | number | boolean {
  switch (option.kind) {
    case 'int':
    case 'float': {
      const fits =
        typeof value === 'number' &&
        (option.kind === 'int' ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
        value >= (option.min ?? -Infinity) &&
        value <= (option.max ?? Infinity)
      if (fits) return value
      break
    }
    case 'flag':
      if (typeof value === 'boolean') return value
      break
    case 'choice':
      if (typeof value === 'string' && option.choices.includes(value)) return value
      break
    case 'text':
      if (typeof value === 'string') return option.read ? option.read(value) : value
  }
  throw invalid(name, option, value)
}

/**
 * Builds a record from named values: those given are checked, those missing take their default,
 * names the table does not know are left to others.
 * @throws UserError if a value does not fit.
 */
export function resolveConfig<T extends OptionTable>(
  table: T,
  values: Readonly<Record<string, unknown>>,
): ConfigOf<T> {
  const entries = Object.entries(table).map(([name, option]) => {
    const value = values[name]
    return [name, value === undefined || value === null ? option.default : checkOption(name, option, value)]
  })
  return Object.fromEntries(entries) as ConfigOf<T>
}

/**
 * Checks a record that is to be complete already.
 * @param where what takes it, and `resolver` what makes one, for the message
 * @throws UserError naming the first option that is missing or does not fit.
 */
export function requireConfig(
  where: string,
  table: OptionTable,
  values: unknown,
  resolver = 'resolveModelConfig',
): void {
  expectObject(`${where} takes a configuration such as ${resolver} gives`, values, {})
  const config = values as Readonly<Record<string, unknown>>
  for (const [name, option] of Object.entries(table)) {
    if (config[name] === undefined && option.default !== undefined)
      throw new UserError(`${where}: the configuration has no ${name}; ${resolver} fills it in`)
    if (config[name] !== undefined) checkOption(name, option, config[name])
  }
}

/** What an option takes, in words: for error messages and help. */
export function expectation(option: Option): string {
  switch (option.kind) {
    case 'int':
    case 'float': {
      const noun = option.kind === 'int' ? 'an integer' : 'a number'
      if (option.min !== undefined && option.max !== undefined)
        return `${noun} from ${option.min} to ${option.max}`
      if (option.min !== undefined) return `${noun} of at least ${option.min}`
      if (option.max !== undefined) return `${noun} of at most ${option.max}`
      return noun
    }
    case 'flag':
      return 'True or False'
    case 'choice':
      return `one of ${option.choices.join(', ')}`
    case 'text':
      return 'text'
  }
}

/** A value as it would be typed. */
export function asTyped(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function invalid(name: string, option: Option, value: unknown): UserError {
  // JSON has no words for NaN and infinity.
  const came = typeof value === 'number' ? String(value) : JSON.stringify(value)
  return new UserError(`--${name} takes ${expectation(option)}, not ${came}`)
}
