import { Option as CommanderOption } from 'commander'
import { expectation, parseOption, type Option, type OptionTable } from '../src/config/option.js'
import { UserError } from '../src/errors.js'

/** What is taken for the value of a flag, rather than for a word of its own. */
export const BOOLEAN = /^(true|false|yes|no|t|f|y|n|1|0)$/i

/**
 * Brings what a person typed into one form, `--name=value` with underscores: dashes in names become
 * underscores, a value in the next word is joined, a bare flag gets `True`.
 * @param takesArguments whether words that belong to no option may follow: then a flag takes the next word
 *   only if it reads as true or false
 * @throws UserError for an option at the end, or before the next option, that lacks its value.
 */
export function normalizeArguments(
  words: readonly string[],
  table: OptionTable,
  takesArguments: boolean,
): string[] {
  const normal: string[] = []
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (word === '--') return [...normal, ...words.slice(i)]
    const match = /^--([^=]+)(=.*)?$/s.exec(word)
    if (!match) {
      normal.push(word)
      continue
    }
    const name = (match[1] ?? '').replaceAll('-', '_')
    const option = Object.hasOwn(table, name) ? table[name] : undefined
    const next = words[i + 1]
    if (match[2] !== undefined || !option) {
      normal.push(`--${name}${match[2] ?? ''}`)
    } else if (option.kind === 'flag') {
      const given = next !== undefined && (takesArguments ? BOOLEAN.test(next) : !next.startsWith('-'))
      normal.push(`--${name}=${given ? next : 'True'}`)
      if (given) i++
    } else {
      if (next === undefined || next.startsWith('--'))
        throw new UserError(`--${name} needs a value: it takes ${expectation(option)}`)
      normal.push(`--${name}=${next}`)
      i++
    }
  }
  return normal
}

/** The options of a table for commander: each checks its value, and its help says default and expectation. */
export function commanderOptions(table: OptionTable, required: ReadonlySet<string>): CommanderOption[] {
  return Object.entries(table).map(([name, option]) => {
    const made = new CommanderOption(
      `--${name} <${placeholder(option)}>`,
      optionHelp(option, required.has(name)),
    )
    return made.argParser((typed: string) => parseOption(name, option, typed))
  })
}

function placeholder(option: Option): string {
  switch (option.kind) {
    case 'flag':
      return 'bool'
    case 'choice':
      return 'choice'
    default:
      return option.kind
  }
}

/** What an option is, then in parentheses what it takes beyond its placeholder, and its default. */
export function optionHelp(option: Option, required = false): string {
  const plain: readonly string[] = ['an integer', 'a number', 'text', 'True or False']
  const takes = expectation(option)
  const facts = [
    ...(plain.includes(takes) ? [] : [takes.replace(/^an? (integer|number) (of )?/, '')]),
    ...(required ? ['required'] : defaultText(option)),
  ]
  return facts.length > 0 ? `${option.help} (${facts.join('; ')})` : option.help
}

/** Nothing for an option that is off until given: its help says what happens then. */
function defaultText(option: Option): readonly string[] {
  if (option.default === undefined || option.default === '') return []
  const value = typeof option.default === 'boolean' ? (option.default ? 'True' : 'False') : option.default
  return [`default ${value}`]
}
