import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import { fileFailure } from '../files/file-failure.js'
import { describeWriteError } from '../files/write-file.js'
import { UserError } from '../errors.js'
import { errorCode, fileReason, isMissing } from '../system-errors.js'
import { bootId, isAlive, machineName } from '../machine.js'
import { makeFolder } from '../files/make-folder.js'
import { startHeartbeat, type Heartbeat } from './heartbeat.js'
import { namesIn } from '../files/names-in.js'

/** Rights to work on something, of which there is one among all processes that share a folder. */
export interface Claims {
  /** Undefined if another process has the claim, or takes it at this moment. */
  claim(name: string): Claim | undefined
  /** Looks at the folder once, to try one claim after the other: where thousands of files are, that takes long. */
  look(): (name: string) => Claim | undefined
  /** Ends the signs of life. Claims that were not released are then taken over by others, in time. */
  close(): Promise<void>
}

export interface Claim {
  /** Whether it is still this process's: it is not if the process was stopped for long, and taken for dead. */
  isHeld(): boolean
  /**
   * To be called also for a claim that is not held any more, so that it does not look alive. Where its file cannot be
   * removed, as on a disk that is read-only, it stays without signs of life, which others take for dead in time.
   */
  release(): void
}

export interface ClaimOptions {
  /** Milliseconds between two signs of life. */
  readonly heartbeat?: number
  /** A claim without a sign of life for this many milliseconds, while one watches, is dead. */
  readonly deadAfter?: number
  /** Milliseconds since any fixed moment. */
  readonly clock?: () => number
}

/** What is in the files of all claims that this process has: others may have made one of the same name since. */
const own = new Map<string, string>()
/** Claims made by this process: with time and holder, what tells one claim from any other. */
let count = 0

/**
 * Claims as files in `folder`, `<name>.claim-<n>`, made only if they are not there (O_EXCL) and touched
 * every few seconds. A claim is dead if its process is gone, for processes of the same machine since it was
 * started, or if its time of change has stood still while it was watched: clocks of several machines are never
 * compared. Of a claim that says nothing of a start, as those of earlier versions, only the second is known.
 * Whoever takes over makes claim n + 1, which again only one can do, and releasing removes all up to one's
 * own. So the highest number has the claim.
 */
export function claimsIn(
  folder: string,
  { heartbeat = 5_000, deadAfter = 60_000, clock = () => performance.now() }: ClaimOptions = {},
): Claims {
  /** When, and with which time of change, a claim of others was first seen. */
  const watched = new Map<string, { readonly changed: number; readonly since: number }>()
  const self: Holder = { machine: machineName(), boot: bootId(), pid: process.pid }
  let signs: Heartbeat | undefined

  const isDead = ({ file, content, changed }: ClaimFile): boolean => {
    if (own.get(file) === content) return false
    const holder = parseHolder(content)
    if (holder && isNear(holder, self) && (holder.pid === self.pid || !isAlive(holder.pid))) return true
    const key = file + content
    const before = watched.get(key)
    if (before?.changed === changed) return clock() - before.since > deadAfter
    watched.set(key, { changed, since: clock() })
    return false
  }

  /** @param names what was in the folder: what has come since is seen by the second look */
  const take = (name: string, names: readonly string[]): Claim | undefined => {
    const before = claimFiles(folder, name, names)
    if (before.some((other) => !isDead(other))) return undefined
    const generation = (before.at(-1)?.generation ?? 0) + 1
    const file = path.join(folder, `${name}.claim-${generation}`)
    const content = JSON.stringify({ ...self, at: clock(), number: count++ })
    if (!createFile(file, content)) return undefined
    // Since the first look others may have taken over, released, and claimed anew. Who of two comes second
    // sees the first one here; if both see each other, both step back and try again later.
    const known = new Set([file + content, ...before.map((other) => other.file + other.content)])
    if (claimFiles(folder, name).some((other) => !known.has(other.file + other.content))) {
      rmSync(file, { force: true })
      return undefined
    }
    own.set(file, content)
    signs ??= startHeartbeat(heartbeat)
    signs.add(file)
    const isOwn = (other: ClaimFile | undefined) => other?.file === file && other.content === content
    return {
      isHeld: () => isOwn(claimFiles(folder, name).at(-1)),
      release() {
        if (own.get(file) === content) {
          own.delete(file)
          signs?.remove(file)
        }
        try {
          const files = claimFiles(folder, name)
          // The newest last: it has the claim.
          const done = isOwn(files.at(-1)) ? files : files.filter(isOwn)
          for (const each of done) rmSync(each.file, { force: true })
        } catch (error) {
          // What the claim was for may have failed of the same, which is the better news.
          if (!(error instanceof UserError) && fileReason(error) === undefined) throw error
        }
      },
    }
  }

  return {
    claim: (name) => take(name, namesIn(folder)),
    look() {
      const names = namesIn(folder).filter((file) => /\.claim-\d+$/.test(file))
      return (name) => take(name, names)
    },
    close: async () => signs?.stop(),
  }
}

/** A process that has a claim, or wants one. */
export interface Holder {
  readonly machine: string
  /** The `bootId` of the machine, if it has one. */
  readonly boot?: string | undefined
  readonly pid: number
}

/** Whether two processes see each other. */
const isNear = (one: Holder, other: Holder) => one.machine === other.machine && one.boot === other.boot

/**
 * Which of the processes that claim `name` was the last to show that it is alive, and when; undefined if none
 * claims it. The holder is unknown while its claim is being written.
 */
export function newestSign(
  folder: string,
  name: string,
): { readonly changed: number; readonly holder: Holder | undefined } | undefined {
  const [newest] = claimFiles(folder, name).sort((one, other) => other.changed - one.changed)
  return newest && { changed: newest.changed, holder: parseHolder(newest.content) }
}

interface ClaimFile {
  readonly file: string
  readonly generation: number
  readonly content: string
  /** Time of change, in milliseconds. */
  readonly changed: number
}

/** By generation, ascending. */
function claimFiles(folder: string, name: string, names: readonly string[] = namesIn(folder)): ClaimFile[] {
  const start = `${name}.claim-`
  return names
    .filter((entry) => entry.startsWith(start))
    .flatMap((entry) => {
      const file = path.join(folder, entry)
      try {
        const generation = Number(entry.slice(start.length))
        return [{ file, generation, content: readFileSync(file, 'utf8'), changed: statSync(file).mtimeMs }]
      } catch (error) {
        // Of a file that another machine removes while it is read, disks of the network say that they do not know it.
        if (isMissing(error) || errorCode(error) === 'ESTALE') return []
        throw fileFailure('read', file, error)
      }
    })
    .sort((one, other) => one.generation - other.generation)
}

/** Undefined for a file that is not written yet. */
function parseHolder(content: string): Holder | undefined {
  try {
    const { machine, boot, pid } = JSON.parse(content) as Partial<Record<keyof Holder, unknown>>
    if (typeof machine !== 'string' || typeof pid !== 'number') return undefined
    return { machine, boot: typeof boot === 'string' ? boot : undefined, pid }
  } catch {
    return undefined
  }
}

/** Whether it was made: not if it is there. Its folder is made too, and again if it is removed meanwhile. */
function createFile(file: string, content: string): boolean {
  for (;;) {
    try {
      makeFolder(path.dirname(file))
      const fd = openSync(file, 'wx')
      try {
        writeSync(fd, content)
      } catch (error) {
        // On a full disk: a claim that does not say whose it is would look alive for long.
        rmSync(file, { force: true })
        throw error
      } finally {
        closeSync(fd)
      }
      return true
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false
      if (!isMissing(error)) throw describeWriteError(file, error)
    }
  }
}
