import { Command, CommanderError } from 'commander'
import { defaultsOf, type OptionTable } from '../src/config/option.js'
import { UserError } from '../src/errors.js'
import { commandGroups, type CommandSpec } from './command.js'
import { packageVersion } from './package-version.js'
import { misreadFlag } from './misread-flag.js'
import { commanderOptions, normalizeArguments } from './parse-options.js'
import type { Terminal } from './terminal.js'
import { unknownOption } from './unknown-option.js'

/** Width of help text, fixed so that it reads the same everywhere. */
const HELP_WIDTH = 110

/**
 * Runs the command that `words` ask for.
 * @param words what was typed after the program's name
 * @throws UserError for words that make no command; whatever the command throws.
 */
export async function runProgram(
  commands: readonly CommandSpec[],
  words: readonly string[],
  terminal: Terminal,
): Promise<void> {
  if (words.length === 0) throw new UserError('no command given: see fdm --help')
  const [first = '', second] = words
  if (first === 'help') return runProgram(commands, helpOf(commands, words.slice(1)), terminal)
  if (Object.hasOwn(commandGroups, first) && second === undefined)
    throw new UserError(`no command given: see fdm ${first} --help`)
  const chosen = commands.find(({ name }) => name === first || name === `${first} ${second ?? ''}`)
  const names = chosen?.name.split(' ') ?? []
  const typed = chosen ? [...names, ...normalWords(chosen, words.slice(names.length))] : words
  try {
    await createProgram(commands, terminal).parseAsync([...typed], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return
    const option = /^error: unknown option '--([^'=]+)/.exec(error.message)?.[1]
    const known = chosen && option !== undefined ? unknownOption(chosen, option) : undefined
    if (chosen && error.code === 'commander.excessArguments') {
      const misread = misreadFlag(words.slice(names.length), chosen.options, chosen.arguments?.length ?? 0)
      if (misread !== undefined) throw new UserError(misread)
    }
    const group = Object.hasOwn(commandGroups, first) ? [first] : []
    throw new UserError(known ?? describe(error, chosen ? names : group))
  }
}

/** The words that ask for help on a command, on a group of them, or on all. */
function helpOf(commands: readonly CommandSpec[], words: readonly string[]): readonly string[] {
  const [first] = words
  const isKnown = commands.some(({ name }) => name.split(' ')[0] === first)
  // Commander would show the help on all.
  return first === undefined || first.startsWith('-') || isKnown ? [...words, '--help'] : [first]
}

/** The commander program over all commands. It prints help to stdout, and throws instead of exiting. */
export function createProgram(commands: readonly CommandSpec[], terminal: Terminal): Command {
  const program = new Command('fdm')
    .description('Flexible diffusion modeling of long videos: train, sample, evaluate.')
    .usage('<command> [options]')
    .version(packageVersion(), '-V, --version', 'show the version')
  configure(program)
  const groups = new Map<string, Command>()
  for (const command of commands) {
    const [group = ''] = command.name.split(' ')
    const summary = commandGroups[group]
    if (summary === undefined) {
      program.addCommand(createCommand(command, terminal))
      continue
    }
    const parent = groups.get(group) ?? createGroup(group, summary)
    if (!groups.has(group)) program.addCommand(parent)
    groups.set(group, parent)
    parent.addCommand(createCommand(command, terminal))
  }
  return program
}

/** Commands whose names have two words stand together under the first. */
function createGroup(name: string, summary: string): Command {
  const group = new Command(name).summary(summary).description(`${capitalized(summary)}.`)
  configure(group)
  return group.usage('<command> [options]')
}

function createCommand(spec: CommandSpec, terminal: Terminal): Command {
  const command = new Command(spec.name.split(' ').at(-1))
    .summary(spec.summary)
    .description(`${capitalized(spec.summary)}.`)
  configure(command)
  const required = new Set(spec.required)
  const sections = spec.sections ?? []
  const places = spec.arguments ?? []
  command.usage([...places.map(({ name }) => `<${name}>`), '[options]'].join(' '))
  for (const { name, help } of places) command.argument(`<${name}>`, help)
  for (const option of commanderOptions(spec.options, required)) {
    const section = sections.find(({ options }) => Object.hasOwn(options, option.name()))
    command.addOption(section ? option.helpGroup(`${section.heading}:`) : option)
  }
  if (spec.examples)
    command.addHelpText('after', `\nExamples:\n${spec.examples.map((line) => `  fdm ${line}\n`).join('')}`)
  command.action(async () => {
    const given = command.opts<Record<string, unknown>>()
    for (const name of required)
      if (given[name] === undefined || given[name] === '')
        throw new UserError(`--${name} is required: see fdm ${spec.name} --help`)
    requireOneOfEach(spec.options, given)
    const words = places.map(({ name }, i) => [name, command.args[i]] as const)
    for (const [name, word] of words)
      if (word === '') throw new UserError(`<${name}> is empty: see fdm ${spec.name} --help`)
    const values = { ...defaultsOf(spec.options), ...given, ...Object.fromEntries(words) }
    await spec.run(values as Parameters<typeof spec.run>[0], terminal, given)
  })
  return command
}

/** @throws UserError for two options of which each says what the other does. */
function requireOneOfEach(options: OptionTable, given: Readonly<Record<string, unknown>>): void {
  for (const [name, option] of Object.entries(options)) {
    const other = option.kind === 'text' ? option.insteadOf : undefined
    if (other !== undefined && given[name] !== undefined && given[name] !== '' && given[other] !== undefined)
      throw new UserError(`--${name} takes the place of --${other}: give one of them, not both`)
  }
}

function normalWords(spec: CommandSpec, words: readonly string[]): string[] {
  return normalizeArguments(words, spec.options, (spec.arguments ?? []).length > 0)
}

function configure(command: Command): void {
  command
    .exitOverride()
    .configureOutput({ outputError: () => undefined, getOutHelpWidth: () => HELP_WIDTH })
    .configureHelp({ showGlobalOptions: false })
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
}

/** Commander's message as one line, with where to look unless it names the likely word itself. */
function describe(error: CommanderError, command: readonly string[]): string {
  const line = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')
  if (line.includes('Did you mean')) return line
  return `${line.replace(/\.$/, '')}: see ${['fdm', ...command].join(' ')} --help`
}

function capitalized(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
