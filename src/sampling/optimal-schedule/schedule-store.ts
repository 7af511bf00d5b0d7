import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import type { Claims } from '../../claims/claims.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { withAdvice } from '../../with-advice.js'
import { readJsonRecord, type JsonRecord } from '../results/json-record.js'
import { isNews, requireSameSettings } from '../results/same-settings.js'
import {
  readSchedule,
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
   */
  open(): Promise<void>
}

const GO_ON =
  'remove it if the stages there were made as these would be, or give another folder with --eval_dir'

/** Milliseconds between two tries to get hold of the files. */
const TRY_AGAIN = 20

/**
 * `open`, `keep` and `finish` throw a UserError naming the first setting that differs from those that the schedule
 * was begun with. Until a frame is chosen, the last process to say how it is made decides.
 * @param claims the files are changed by one process at a time
 * @param settings how the schedule is made
 */
export function scheduleStore(folder: string, claims: Claims, settings: JsonRecord): ScheduleStore {
  const files = scheduleFiles(folder)
  const alone = async (change: () => void) => {
    for (;;) {
      const claim = claims.claim('files')
      if (!claim) {
        await setTimeout(TRY_AGAIN)
        continue
      }
      try {
        agree()
        change()
        return
      } finally {
        claim.release()
      }
    }
  }
  const agree = () => {
    const isBegun = finished().size > 0 || partial().size > 0
    const before = isBegun ? withAdvice(GO_ON, () => readJsonRecord(files.settings)) : undefined
    if (before) requireSameSettings(`the stages of the schedule in ${folder}`, before, settings)
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
    keep: (stage, chosen) =>
      alone(() => writeSchedule(files.partial, new Map([...partial(), [stage, chosen]]))),
    finish: (stage, chosen) =>
      alone(() => {
        const all = new Map([...finished(), [stage, chosen.toSorted((a, b) => a - b)]])
        writeSchedule(files.finished, all)
        dropFinished(all)
      }),
    open: () => alone(mend),
  }
}

function read({ torch, json }: { torch: string; json: string }): Schedule {
  const file = [torch, json].find((path) => existsSync(path))
  return file === undefined ? new Map() : readSchedule(file)
}
