import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { errorCode } from './system-errors.js'

/** The number of the outermost set of process ids: PROC_PID_INIT_INO of the Linux kernel. */
const OUTERMOST = '4026531836'

/**
 * A name of each set of processes that can see one another, of letters, digits, `-` and `_`: containers
 * may share their host's name and yet have process ids of their own. Machines may share it too: see `bootId`.
 */
export function machineName(): string {
  const host = hostname()
    .replace(/[^\w-]/g, '-')
    .slice(0, 64)
  const space = processSpace()
  return space === undefined || space === OUTERMOST ? host : `${host}-${space}`
}

/**
 * What tells machines of one name apart, as those cloned from one image are: a number that the system draws
 * whenever it starts. Undefined where the system has none, as all but Linux.
 */
export function bootId(): string | undefined {
  try {
    const id = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return /^[\da-f]{8}-[\da-f-]{27}$/.test(id) ? id : undefined
  } catch {
    return undefined
  }
}

/** Whether there is such a process on this machine. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Any other refusal is about a process that is there.
    return errorCode(error) !== 'ESRCH'
  }
}

function processSpace(): string | undefined {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0]
  } catch {
    return undefined
  }
}
