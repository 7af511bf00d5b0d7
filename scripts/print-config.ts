import { asTyped } from '../src/config/option.js'

/** A configuration as lines `name=value ..` that fit a terminal. */
export function printedConfig(config: Readonly<Record<string, unknown>>, width = 110): string {
  const lines: string[] = []
  for (const [name, value] of Object.entries(config)) {
    if (value === undefined || value === '') continue
    const word = `${name}=${asTyped(value)}`
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length + 1 <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`  ${word}`)
  }
  return lines.join('\n')
}
