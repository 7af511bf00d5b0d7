import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'

/**
 * The videos of one split of a folder in CARLA's form: `video_<split>.csv`, a header `,path` and lines
 * `<row>,<path ending in the name of a .pt file>`, of which only the file name counts; the files lie beside
 * the list, in its order.
 * @throws UserError naming the list, and the line or the file that is missing.
 */
export function carlaFiles(folder: string, split: 'train' | 'test'): string[] {
  const list = path.join(folder, `video_${split}.csv`)
  if (!existsSync(list))
    throw new UserError(`${folder} has no video_${split}.csv, which lists the ${split} videos`)
  const [, ...lines] = readFileSync(list, 'utf8').split(/\r?\n/)
  return lines.flatMap((line, row) => {
    if (line.trim() === '') return []
    const name = /([^/\\,"]+\.pt)"?\s*$/.exec(line)?.[1]
    if (!name)
      throw new UserError(
        `${list} line ${row + 2}: expected <row>,<path of a .pt file>, not ${JSON.stringify(line)}`,
      )
    const file = path.join(folder, name)
    if (!existsSync(file))
      throw new UserError(`${list} line ${row + 2} lists ${name}, which is not in ${folder}`)
    return [file]
  })
}
