import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { Claims } from '../../claims/claims.js'
import { waitForOthers } from '../../claims/shared-work.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { errorCode } from '../../system-errors.js'
import { withAdvice } from '../../with-advice.js'
import type { JsonRecord } from '../results/json-record.js'
import { isNews, requireSameSettings } from '../results/same-settings.js'
import {
  readFoundSchedule,
  readScheduleSettings,
  scheduleFiles,
  scheduleJson,
  writeSchedule,
  type Schedule,
} from '../results/schedule-files.js'

/** The schedule on disk that any number of processes work on. */
export interface ScheduleStore {
  finished(): Schedule
  /** What is chosen so far in a stage that is not finished, in that order. */
  chosen(stage: number): readonly number[]
  keep(stage: number, chosen: readonly number[]): Promise<void>
  finish(stage: number, chosen: readonly number[]): Promise<void>
  /**
   * Makes sure that the schedule is made the same as before, and puts right what a process left that was killed
   * between writing two files.
   * @param wait whether to go on where another process has the files for long
   * @returns false if one has, and is not waited for
   */
  open(wait: boolean): Promise<boolean>
}

export interface ScheduleStoreCallbacks {
  /**
   * Called once in each wait for another process that has the files for longer than a change of them takes, as
   * those of a dead one are until it is known to be dead.
   */
  readonly onHeld?: () => void
  /** Ends the waiting; a change that waits is then not made. */
  readonly signal?: AbortSignal | undefined
}

/** Milliseconds between two tries to get hold of the files, which are changed within a few. */
const TRY_AGAIN = 20
/** Tries, about a second of them, before another process is taken to have the files for long. */
const QUICK_TRIES = 50

/**
 * `open`, `keep` and `finish` throw a UserError naming the first setting that differs from those that the schedule
 * was begun with. Until a frame is chosen, the last process to say how it is made decides. They throw the signal's
 * reason when it aborts while another process has the files.
 * @param claims the files are changed by one process at a time
 * @param settings how the schedule is made
 */
export function scheduleStore(
  folder: string,
  claims: Claims,
  settings: JsonRecord,
  { onHeld, signal }: ScheduleStoreCallbacks = {},
): ScheduleStore {
  const files = scheduleFiles(folder)
  /** @returns whether the change was made: it always is, but for one that does not wait */
  const alone = async (change: () => void, wait = true): Promise<boolean> => {
    for (let tries = 1; ; tries++) {
      const claim = claims.claim('files')
      if (!claim) {
        if (tries >= QUICK_TRIES && !wait) return false
        if (tries === QUICK_TRIES) onHeld?.()
        signal?.throwIfAborted()
        await (tries < QUICK_TRIES ? setTimeout(TRY_AGAIN) : waitForOthers(signal))
        continue
      }
      try {
        agree()
        change()
        return true
      } finally {
        claim.release()
      }
    }
  }
  const agree = () => {
    const isBegun = finished().size > 0 || partial().size > 0
    const before = isBegun ? readScheduleSettings(folder) : undefined
    if (before) requireSameSchedule(folder, before, settings)
    // What an earlier version did not say holds from now on. Of a schedule from elsewhere nothing is known.
    if (before ? isNews(before, settings) : !isBegun)
      writeFileAtomic(files.settings, JSON.stringify({ ...settings, ...before }, null, 4))
  }
  const finished = () => read(files.finished)
  const partial = () => read(files.partial)
  const dropFinished = (all: Schedule) => {
    const before = partial()
    const left = [...before].filter(([stage]) => !all.has(stage))
    if (left.length === 0) for (const file of Object.values(files.partial)) rmSync(file, { force: true })
    else if (left.length < before.size) writeSchedule(files.partial, new Map(left))
  }
  const mend = () => {
    const all = finished()
    const { torch, json } = files.finished
    // The PyTorch file is written first, and counts; where one alone was copied to, the other is made.
    const isWhole = existsSync(torch) && existsSync(json) && readFileSync(json, 'utf8') === scheduleJson(all)
    if (all.size > 0 && !isWhole) writeSchedule(files.finished, all)
    dropFinished(all)
  }
  return {
    finished,
    chosen: (stage) => partial().get(stage) ?? [],
    async keep(stage, chosen) {
      await alone(() => writeSchedule(files.partial, new Map([...partial(), [stage, chosen]])))
    },
    async finish(stage, chosen) {
      await alone(() => {
        const all = new Map([...finished(), [stage, chosen.toSorted((a, b) => a - b)]])
        writeSchedule(files.finished, all)
        dropFinished(all)
      })
    },
    open: (wait) => alone(mend, wait),
  }
}

/** @throws UserError naming the first setting that differs, and how both schedules can be had. */
function requireSameSchedule(folder: string, before: JsonRecord, settings: JsonRecord): void {
  const [kind, other] = [settings.optimality, before.optimality]
  // Schedules of two kinds are made in two folders: these were begun in one at the same moment.
  const advice =
    kind === other || other === undefined
      ? 'sample takes a schedule from elsewhere with --optimal_schedule'
      : 'or run this again: schedules of two kinds, begun one after the other, go to a folder each'
  withAdvice(advice, () => requireSameSettings(`the stages of the schedule in ${folder}`, before, settings))
}

/** Times that a file is opened anew which disks of the network do not know any more, as it was replaced meanwhile. */
const STALE_TRIES = 5

/**
 * Another process may replace or remove the files at any moment: whether they are there is found out by reading them.
 * It writes and removes the PyTorch file first.
 */
function read({ torch, json }: { torch: string; json: string }): Schedule {
  return readIfThere(torch) ?? readIfThere(json) ?? new Map<number, readonly number[]>()
}

function readIfThere(file: string): Schedule | undefined {
  for (let tries = 1; ; tries++) {
    try {
      return readFoundSchedule(file)
    } catch (error) {
      const code = systemCode(error)
      if (code === 'ENOENT') return undefined
      if (code !== 'ESTALE' || tries === STALE_TRIES) throw error
    }
  }
}

/** The system's code of an error, or of what it says in the person's words. */
function systemCode(error: unknown): string | undefined {
  return errorCode(error) ?? (error instanceof Error && error.cause ? systemCode(error.cause) : undefined)
}
