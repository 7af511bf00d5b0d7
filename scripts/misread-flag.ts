import type { OptionTable } from '../src/config/option.js'
import { BOOLEAN } from './parse-options.js'

/**
 * What to say where more words were typed than a command takes, if one of them follows a flag that may stand alone: it
 * may have been meant as the flag's value. Undefined if none does.
 * @param words what was typed after the command's name
 * @param count how many words the command takes besides its options
 */
export function misreadFlag(words: readonly string[], table: OptionTable, count: number): string | undefined {
  const places: { readonly word: string; readonly flag: string | undefined }[] = []
  let flag: string | undefined
  for (let i = 0; i < words.length && words[i] !== '--'; i++) {
    const word = words[i] ?? ''
    const name = /^--([^=]+)$/.exec(word)?.[1]?.replaceAll('-', '_')
    const option = name !== undefined && Object.hasOwn(table, name) ? table[name] : undefined
    if (!word.startsWith('-') && !(flag !== undefined && BOOLEAN.test(word))) places.push({ word, flag })
    flag = option?.kind === 'flag' ? name : undefined
    // The value of another option.
    if (option && option.kind !== 'flag') i++
  }
  const after = (place: (typeof places)[number]) => place.flag !== undefined
  const said = places.slice(count).find(after)
  if (said) return `--${said.flag} takes True or False, not ${JSON.stringify(said.word)}`
  const perhaps = places.find(after)
  return (
    perhaps &&
    `${places.length} words besides options, where the command takes ${count}: is ${JSON.stringify(perhaps.word)} meant for --${perhaps.flag}, which takes True or False?`
  )
}
