import { readdirSync, readlinkSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { threadId } from 'node:worker_threads'
import { errorCode } from './error-code.js'

/** Characters of a file's own name in that of its unfinished form: names have at most 255 bytes. */
const NAME_LENGTH = 32

let count = 0

/**
 * Where the content of `file` is collected until it is whole: `.<name>.<machine>.<process>.<number>.tmp` in
 * the same folder. Folders can be shared between machines, and so the name says whose it is.
 */
export function unfinishedFile(file: string): string {
  const name = path.basename(file).slice(0, NAME_LENGTH)
  return path.join(path.dirname(file), `.${name}.${machine()}.${process.pid}.${threadId}-${count++}.tmp`)
}

/**
 * Removes the unfinished files in a folder that killed processes of this machine left behind: not those of
 * processes that are alive, nor of other machines, where this one cannot know. What cannot be removed stays.
 */
export function clearUnfinished(folder: string): void {
  for (const name of namesIn(folder)) {
    const [, owner, pid] = /^\..+\.([\w-]+)\.(\d+)\.\d+-\d+\.tmp$/.exec(name) ?? []
    if (owner !== machine() || isAlive(Number(pid))) continue
    try {
      rmSync(path.join(folder, name), { force: true })
    } catch {
      // Another person's, for instance: it is in nobody's way.
    }
  }
}

/** One name for each set of processes that can see one another: containers may share their host's name. */
function machine(): string {
  const host = hostname()
    .replace(/[^\w-]/g, '-')
    .slice(0, 64)
  const space = processSpace()
  return space === undefined ? host : `${host}-${space}`
}

/** The number of the kernel's set of process ids that this process is in, unless it is the outermost one. */
function processSpace(): string | undefined {
  // PROC_PID_INIT_INO of the Linux kernel.
  const outermost = '4026531836'
  try {
    const space = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0]
    return space === outermost ? undefined : space
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Any other refusal is about a process that is there.
    return errorCode(error) !== 'ESRCH'
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
