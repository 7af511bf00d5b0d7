import { jsonItems } from './json.js'
import { readTransactionLog } from './read-transaction-log.js'
import {
  configRecord,
  exitRecord,
  headerRecord,
  historyRecord,
  mediaRecord,
  readRecord,
  runRecord,
  summaryRecord,
  type JsonItems,
  type RunInfo,
} from './records.js'
import type { RunFolder } from './run-folder.js'
import { FILE_HEADER, openTransactionLog } from './transaction-log.js'

/** Everything recorded of a run, on disk. */
export interface RunLog {
  /** Lines of numbers, one a step. */
  readonly lines: number
  /**
   * Adds to what is recorded of a step. Steps only rise, as W&B demands: what belongs to an earlier one is
   * left out, which happens where a resumed run repeats steps.
   * @param media path of a picture or video below the folder's `files` that an item names
   * @param age milliseconds since the items were taken
   */
  record(step: number, items: JsonItems, media?: string, age?: number): void
  /** Nothing may be recorded after it, except by a run that is resumed. */
  close(exitCode: number): void
}

/** What is written last: it grows while more comes of its step. */
interface Tail {
  /** Where its records start in the file, and the number of the record before them. */
  readonly start: number
  readonly num: number
  readonly step: number
  readonly items: Map<string, string>
  readonly media: Set<string>
}

/** What an earlier log of the run ends with. */
export interface LogEnd {
  readonly step: number
  /** Seconds that the run had taken. */
  readonly runtime: number
}

export interface RunLogRequest {
  readonly folder: RunFolder
  readonly run: RunInfo
  /** Whether the log is there already: it goes on, and its end is taken back. */
  readonly resumes: boolean
  /** The end of the log before this one, if there is one. */
  readonly after?: LogEnd | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Opens the log of a run that starts, or is resumed.
 * @throws the system's error if it cannot be read or written.
 */
export function openRunLog({ folder, run, resumes, after, now }: RunLogRequest): RunLog {
  const before = resumes ? readState(folder.log) : undefined
  const log = openTransactionLog(folder.log, before?.end)
  let num = before?.num ?? 0
  let lines = before?.lines ?? 0
  let tail = before?.tail
  const started = now()
  const earlier = runtimeOf(tail) ?? after?.runtime ?? 0
  const runtime = () => earlier + (now() - started) / 1000

  const writeTail = (first: readonly Uint8Array[], { start, step, items, media, ...rest }: Tail) => {
    const at = rest.num + first.length
    const records = [...media].map((path, i) => mediaRecord(at + 1 + i, path))
    records.push(summaryRecord(at + records.length + 1, items))
    records.push(historyRecord(at + records.length + 1, step, items))
    const starts = log.write([...first, ...records], start)
    num = at + records.length
    tail = { start: starts[first.length] ?? start, num: at, step, items, media }
  }

  if (!before?.hasRun) log.write([headerRecord(++num, 'flexible-video-diffusion'), runRecord(++num, run)])
  else if (tail) writeTail([configRecord(tail.num + 1, run.config)], tail)
  else log.write([configRecord(++num, run.config)])
  return {
    get lines() {
      return lines
    },
    record(step, items, media, age = 0) {
      if (step < (tail?.step ?? 0) || (after && step <= after.step)) return
      const isNew = tail?.step !== step
      const last =
        tail && !isNew
          ? tail
          : { start: log.end, num, step, items: new Map<string, string>(), media: new Set<string>() }
      const own = { _step: step, _runtime: runtime() - age / 1000, _timestamp: (now() - age) / 1000 }
      const merged = new Map([...last.items, ...items, ...jsonItems(own)])
      writeTail([], { ...last, items: merged, media: media ? new Set([...last.media, media]) : last.media })
      if (isNew) lines++
    },
    close(exitCode) {
      log.write([exitRecord(num + 1, exitCode, runtime())])
      num++
      log.close()
    },
  }
}

/** Where a log ends; undefined if it has no numbers. */
export function logEnd(folder: RunFolder): LogEnd | undefined {
  const { tail } = readState(folder.log)
  return tail && { step: tail.step, runtime: runtimeOf(tail) ?? 0 }
}

const runtimeOf = (tail: Tail | undefined) => tail && Number(tail.items.get('_runtime') ?? 0)

/** What a log holds, and where its numbers end: what says that the run has ended is left out. */
function readState(file: string) {
  let [num, lines, end] = [0, 0, FILE_HEADER.length]
  let hasRun = false
  let tail: Tail | undefined
  let group: { readonly start: number; readonly num: number; readonly media: Set<string> } | undefined
  for (const { bytes, start, end: recordEnd } of readTransactionLog(file, { damaged: 'skip' })) {
    const record = readRecord(bytes)
    if (record.kind === 'files' || record.kind === 'summary') {
      // They belong to the numbers that follow.
      group ??= { start, num, media: new Set() }
      if (record.kind === 'files') record.paths.forEach((path) => group?.media.add(path))
    } else {
      if (record.kind === 'history') {
        const { step, items } = record
        tail = { ...(group ?? { start, num, media: new Set() }), step, items: new Map(items) }
        lines++
      }
      group = undefined
      hasRun ||= record.kind === 'run'
    }
    num++
    if (record.kind !== 'exit' && !group) end = recordEnd
  }
  return { num, lines, end, hasRun, tail }
}
