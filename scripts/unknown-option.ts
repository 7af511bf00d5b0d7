import type { CommandSpec } from './command.js'

/**
 * What to say of an option that a command does not have: which options it is the beginning of, as the original's
 * parser took those for the whole. Undefined if it is none's.
 * @param name as it was typed, without dashes in front and without a value
 */
export function unknownOption({ options }: Pick<CommandSpec, 'options'>, name: string): string | undefined {
  const whole = Object.keys(options).filter((option) => option.startsWith(name))
  if (whole.length === 0) return undefined
  const choice = whole.length === 1 ? '' : 'one of '
  return `unknown option '--${name}' (Did you mean ${choice}${whole.map((option) => `--${option}`).join(', ')}?)`
}
