import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Optimality } from '../../config/optimality.js'
import { UserError } from '../../errors.js'
import { fileFailure } from '../../files/file-failure.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { readTorchFile, writeTorchFile } from '../../torch-file/index.js'
import { withAdvice } from '../../with-advice.js'
import { readJsonRecord, type JsonRecord } from './json-record.js'

/** Frames to condition on, by the number of the stage. */
export type Schedule = ReadonlyMap<number, readonly number[]>

/** The files of an optimised schedule in the results folder of its scheme. The names are the original's. */
export const scheduleFiles = (folder: string) => ({
  /** Finished stages. */
  finished: {
    torch: path.join(folder, 'optimal_schedule.pt'),
    json: path.join(folder, 'optimal_schedule.json'),
  },
  /** What is chosen so far in unfinished ones, in the order it was chosen. */
  partial: {
    torch: path.join(folder, '.optimal_schedule_partial.pt'),
    json: path.join(folder, '.optimal_schedule_partial.json'),
  },
  /** How it is made. */
  settings: path.join(folder, 'optimal_schedule_settings.json'),
})

/** Writes a schedule as a `dict` of `int` to lists, and as JSON. */
export function writeSchedule({ torch, json }: { torch: string; json: string }, schedule: Schedule): void {
  writeTorchFile(torch, new Map([...schedule].sort(([one], [other]) => one - other)))
  writeFileAtomic(json, scheduleJson(schedule))
}

/** What the JSON file of a schedule holds. */
export function scheduleJson(schedule: Schedule): string {
  // Integer keys are in ascending order by themselves.
  return `${JSON.stringify(Object.fromEntries(schedule))}\n`
}

/**
 * Reads a schedule from a PyTorch file or, by its ending, from JSON. Processes that make it replace the file all the
 * time: what is read is one of their files, whole.
 * @throws UserError naming the file if it is missing or holds something else.
 */
export function readSchedule(file: string): Schedule {
  const content = file.endsWith('.json') ? readJson(file) : readTorchFile(file, { atOnce: true })
  const entries =
    content instanceof Map ? [...(content as ReadonlyMap<unknown, unknown>)] : entriesOf(content)
  const schedule = new Map<number, readonly number[]>()
  for (const [key, frames] of entries ?? [[undefined, undefined]]) {
    const stage = typeof key === 'string' && /^\d+$/.test(key) ? Number(key) : key
    if (!isIndex(stage) || !Array.isArray(frames) || !frames.every(isIndex))
      throw new UserError(
        `${file} holds no schedule: expected lists of frames by the numbers of stages, as {0: [0, 35]}`,
      )
    schedule.set(stage, frames)
  }
  return schedule
}

/**
 * Reads a schedule that was found where `optimal-schedule` puts it.
 * @throws UserError naming the file, and what becomes of the schedule without it.
 */
export function readFoundSchedule(file: string): Schedule {
  const { dir, name, ext } = path.parse(file)
  const other = path.join(dir, `${name}${ext === '.pt' ? '.json' : '.pt'}`)
  const advice = existsSync(other)
    ? `remove it to go by ${path.basename(other)} beside it`
    : 'remove it to have optimal-schedule make it anew'
  return withAdvice(advice, () => readSchedule(file))
}

/**
 * How the schedule in a folder is made; undefined if nothing says it, as of the original's.
 * @throws UserError naming the file if it is damaged.
 */
export function readScheduleSettings(folder: string): JsonRecord | undefined {
  const advice = 'remove it to take the schedule beside it for one that was made as asked for'
  return withAdvice(advice, () => readJsonRecord(scheduleFiles(folder).settings))
}

/** Whether the schedule in a folder may be of a kind: nothing there says that it is of another. */
export function maybeOfKind(folder: string, optimality: Optimality): boolean {
  const kind = readScheduleSettings(folder)?.optimality
  return kind === undefined || kind === optimality
}

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

function entriesOf(content: unknown): readonly (readonly [unknown, unknown])[] | undefined {
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return undefined
  return Object.entries(content)
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw fileFailure('read', file, error)
    throw new UserError(`could not read ${file}: it is no JSON`, { cause: error })
  }
}
