import type { ConfigOf, OptionTable } from '../src/config/option.js'
import type { Terminal } from './terminal.js'

/** A word on the command line that is not an option. */
export interface Argument<A extends string = string> {
  readonly name: A
  readonly help: string
}

/** Options under a heading of their own in the help; those in no section come first. */
export interface Section {
  readonly heading: string
  readonly options: OptionTable
}

/**
 * What `run` gets: every option with its default filled in, those in `required` present, and the arguments
 * under their names.
 */
export type Values<T extends OptionTable, R extends keyof T, A extends string> = Omit<ConfigOf<T>, R> & {
  readonly [K in R]: NonNullable<ConfigOf<T>[K]>
} & Readonly<Record<A, string>>

/**
 * One command: `fdm <name> <arguments> --options`. The file that declares it imports only configuration at
 * its top, and what it runs inside `run` (`await import(..)`), so that help needs no tensor library.
 */
export interface CommandSpec<
  T extends OptionTable = OptionTable,
  R extends keyof T = keyof T,
  A extends string = string,
> {
  /** Of a group's command two words, the first of which is the group's name. */
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** All of them must be given. */
  readonly arguments?: readonly Argument<A>[]
  /** Options in the order of the help. */
  readonly options: T
  readonly sections?: readonly Section[]
  /** Options without a default that must be given. */
  readonly required?: readonly R[]
  /** Lines for the end of the help, without the leading `fdm`. */
  readonly examples?: readonly string[]
  /** @param given the options that were typed, without defaults */
  run(values: Values<T, R, A>, terminal: Terminal, given: Readonly<Record<string, unknown>>): Promise<void>
}

/** Groups of commands, with one line each for the list of commands. */
export const commandGroups: Readonly<Record<string, string>> = {
  data: 'download, split, convert and check data sets',
}

/** Declares a command; `run`'s values are typed by its options, required names and arguments. */
export function defineCommand<
  const T extends OptionTable,
  const R extends keyof T & string = never,
  const A extends string = never,
>(command: CommandSpec<T, R, A>): CommandSpec {
  return command
}
