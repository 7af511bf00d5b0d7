import type { OptionTable } from '../src/config/option.js'
import { optionHelp } from './parse-options.js'

/**
 * The declarations of a file of `src/config`, with what `--help` says of each option as a comment above it. Types made
 * from a table keep such comments, so that editors show them at a configuration's fields.
 * @param declarations as the compiler writes them, or with such comments already
 * @param tables what the file exports
 */
export function withOptionHelp(declarations: string, tables: Readonly<Record<string, unknown>>): string {
  let table: OptionTable | undefined
  const lines: string[] = []
  for (const line of declarations.split('\n')) {
    const begins = /^export declare const (\w+): \{$/.exec(line)
    if (begins) table = tables[begins[1] ?? ''] as OptionTable | undefined
    else if (!line.startsWith(' ')) table = undefined
    if (table && line.startsWith(COMMENT)) continue
    const name = /^ {4}readonly (\w+): \{$/.exec(line)?.[1]
    const option = name === undefined ? undefined : table?.[name]
    if (option && 'help' in option) lines.push(`${COMMENT}${optionHelp(option).replaceAll('*/', '* /')} */`)
    lines.push(line)
  }
  return lines.join('\n')
}

const COMMENT = '    /** '
