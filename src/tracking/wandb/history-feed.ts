import { joinItems } from './json.js'
import { readTransactionLog } from './read-transaction-log.js'
import { readRecord, type JsonItems, type ReadRecord, type RunInfo } from './records.js'

/** What is sent at once. */
export interface HistoryBatch {
  /** Steps of the lines. */
  readonly steps: readonly number[]
  /** JSON objects. */
  readonly lines: readonly string[]
  /** Pictures and videos that they name. */
  readonly media: readonly string[]
  /** The run's exit code, once its log is read to its end. */
  readonly exitCode: number | undefined
}

/** Reads on in a run's log as it grows. */
export interface HistoryFeed {
  readonly run: RunInfo
  /** The run's options: those that it started with, and those of each time it was resumed. */
  readonly config: JsonItems
  /** Newest value of all numbers up to the last line taken. */
  summary(): string
  /**
   * The lines that came since the last call, as many as are sent at once.
   * @param final whether nothing will come any more; before, the last line may still grow and is kept back
   */
  take(final: boolean): HistoryBatch
}

/** Bounds what is held in memory, and what one message has. */
const MAX_LINES = 500
const MAX_BYTES = 1 << 20

/**
 * @param skipped lines at the beginning that are not to be taken
 * @returns undefined as long as the log does not say which run it is
 */
export function historyFeed(file: string, skipped: number): HistoryFeed | undefined {
  const state = scan(file, skipped)
  if (!state.run) return undefined
  const { run, config, summary } = state
  let offset = state.offset
  return {
    run,
    config,
    summary: () => joinItems(summary),
    take(final) {
      const [steps, lines, media]: [number[], string[], string[]] = [[], [], []]
      let exitCode: number | undefined
      let bytes = 0
      let group: string[] = []
      let held: (Extract<ReadRecord, { kind: 'history' }> & { media: string[]; end: number }) | undefined
      const commit = () => {
        if (!held) return
        const line = joinItems(held.items)
        for (const [key, json] of held.items) summary.set(key, json)
        bytes += line.length
        steps.push(held.step)
        lines.push(line)
        media.push(...held.media)
        offset = held.end
        held = undefined
      }
      for (const { bytes: encoded, end } of readTransactionLog(file, {
        ...(offset !== undefined && { from: offset }),
        damaged: final ? 'skip' : 'stop',
      })) {
        if (lines.length >= MAX_LINES || bytes >= MAX_BYTES) return { steps, lines, media, exitCode }
        const record = readRecord(encoded)
        if (record.kind === 'files') group.push(...record.paths)
        if (record.kind === 'exit') exitCode = record.exitCode
        if (record.kind !== 'history') continue
        commit()
        held = { ...record, media: group, end }
        group = []
      }
      if (final) commit()
      return { steps, lines, media, exitCode }
    },
  }
}

/** Everything before the first line that is wanted, and the options of the whole log. */
function scan(file: string, skipped: number) {
  const config = new Map<string, string>()
  const summary = new Map<string, string>()
  let run: RunInfo | undefined
  let offset: number | undefined
  let lines = 0
  for (const { bytes, end } of readTransactionLog(file, { damaged: 'skip' })) {
    const record = readRecord(bytes)
    if (record.kind === 'run') run ??= record.run
    const options = record.kind === 'run' ? record.run.config : record.kind === 'config' ? record.items : []
    for (const [key, json] of options) config.set(key, json)
    if (record.kind !== 'history' || lines === skipped) continue
    lines++
    offset = end
    for (const [key, json] of record.items) summary.set(key, json)
  }
  return { run, config, summary, offset }
}
