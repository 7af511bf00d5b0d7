import { readdirSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { threadId } from 'node:worker_threads'
import { bootId, isAlive, machineName } from '../machine.js'

/** Characters of a file's own name in that of its unfinished form: names have at most 255 bytes. */
const NAME_LENGTH = 32

/** Characters of a boot id in a name: enough for the machines of one name. */
const BOOT_LENGTH = 8
/** Milliseconds. Clocks of machines that share a folder do not differ by as much. */
const DAY = 86_400_000

let count = 0

/**
 * Where the content of `file` is collected until it is whole: `.<name>.<machine>@<boot>.<process>.<number>.tmp`
 * in the same folder. Folders can be shared between machines, and so the name says whose it is.
 */
export function unfinishedFile(file: string): string {
  const name = path.basename(file).slice(0, NAME_LENGTH)
  return path.join(path.dirname(file), `.${name}.${owner()}.${process.pid}.${threadId}-${count++}.tmp`)
}

/**
 * Removes the unfinished files in a folder that killed processes left behind: not those of processes that are
 * alive, nor of other machines, where this one cannot know. Those of a machine of the same name, which is this one
 * before it was started anew or another, go when they have not changed for a day. What cannot be removed stays.
 * @param whose `of all`: those of other machines too, in a folder that this process alone has a claim to; jobs
 *   that are moved from machine to machine would fill it up
 */
export function clearUnfinished(
  folder: string,
  whose: 'of this machine' | 'of all' = 'of this machine',
): void {
  const ours = owner()
  for (const name of namesIn(folder)) {
    const [, whole, machine, pid] = /^\..+\.(([\w-]+)(?:@[\da-f]+)?)\.(\d+)\.\d+-\d+\.tmp$/s.exec(name) ?? []
    if (whole === undefined) continue
    const file = path.join(folder, name)
    const isLeft =
      whole === ours
        ? !isAlive(Number(pid))
        : whose === 'of all' || (machine === machineName() && hasStoodStill(file))
    if (!isLeft) continue
    try {
      rmSync(file, { force: true })
    } catch {
      // Another person's, for instance: it is in nobody's way.
    }
  }
}

/** Whose the unfinished files of this process are. */
function owner(): string {
  const boot = bootId()?.slice(0, BOOT_LENGTH)
  return boot === undefined ? machineName() : `${machineName()}@${boot}`
}

function hasStoodStill(file: string): boolean {
  try {
    return Date.now() - statSync(file).mtimeMs > DAY
  } catch {
    return false
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
