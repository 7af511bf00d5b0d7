import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { threadId } from 'node:worker_threads'
import { isAlive, machineName } from '../machine.js'

/** Characters of a file's own name in that of its unfinished form: names have at most 255 bytes. */
const NAME_LENGTH = 32

let count = 0

/**
 * Where the content of `file` is collected until it is whole: `.<name>.<machine>.<process>.<number>.tmp` in
 * the same folder. Folders can be shared between machines, and so the name says whose it is.
 */
export function unfinishedFile(file: string): string {
  const name = path.basename(file).slice(0, NAME_LENGTH)
  return path.join(path.dirname(file), `.${name}.${machineName()}.${process.pid}.${threadId}-${count++}.tmp`)
}

/**
 * Removes the unfinished files in a folder that killed processes left behind: not those of processes that are
 * alive, nor of other machines, where this one cannot know. What cannot be removed stays.
 * @param whose `of all`: those of other machines too, in a folder that this process alone has a claim to; jobs
 *   that are moved from machine to machine would fill it up
 */
export function clearUnfinished(
  folder: string,
  whose: 'of this machine' | 'of all' = 'of this machine',
): void {
  for (const name of namesIn(folder)) {
    const [, owner, pid] = /^\..+\.([\w-]+)\.(\d+)\.\d+-\d+\.tmp$/.exec(name) ?? []
    const isOurs = owner === machineName()
    if (owner === undefined || (isOurs ? isAlive(Number(pid)) : whose !== 'of all')) continue
    try {
      rmSync(path.join(folder, name), { force: true })
    } catch {
      // Another person's, for instance: it is in nobody's way.
    }
  }
}

/** None of a folder that is not there or not to be looked into. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
