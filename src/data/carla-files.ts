import { existsSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { readText } from '../files/read-text.js'
import { BadVideoError, type BadVideo } from './file-dataset.js'

/**
 * The videos of one split of a folder in CARLA's form: `video_<split>.csv`, a header `,path` and lines
 * `<row>,<path ending in the name of a .pt file>`, of which only the file name counts; the files lie beside
 * the list, in its order. A list whose first line names a file has no header.
 * @param onBad told of files that are missing, which are then left out; without it they are errors
 * @throws UserError naming the list, and the line that is not understood, names a file that is missing, or
 * names one again.
 */
export function carlaFiles(
  folder: string,
  split: 'train' | 'test',
  onBad?: (bad: BadVideo) => void,
): string[] {
  const list = path.join(folder, `video_${split}.csv`)
  if (!existsSync(list))
    throw new UserError(`${folder} has no video_${split}.csv, which lists the ${split} videos`)
  const lines = new Map<string, number>()
  const missing = new Set<string>()
  for (const [index, line] of readText(list).split(/\r?\n/).entries()) {
    const name = fileName(line)
    if (line.trim() === '' || (index === 0 && name === undefined)) continue
    const where = `${list} line ${index + 1}`
    if (name === undefined)
      throw new UserError(`${where}: expected <row>,<path of a .pt file>, not ${JSON.stringify(line)}`)
    const before = lines.get(name)
    if (before !== undefined)
      throw new UserError(`${where} lists ${name} again, after line ${before}: remove one of them`)
    lines.set(name, index + 1)
    if (existsSync(path.join(folder, name))) continue
    const reason = `${where} lists ${name}, which is not in ${folder}`
    if (!onBad) throw new BadVideoError(reason)
    onBad({ video: path.join(folder, name), reason })
    missing.add(name)
  }
  return [...lines.keys()].filter((name) => !missing.has(name)).map((name) => path.join(folder, name))
}

function fileName(line: string): string | undefined {
  return /([^/\\,"]+\.pt)"?\s*$/.exec(line)?.[1]
}
