import { ProtobufWriter } from '../../protobuf/protobuf-writer.js'
import { Message } from '../../protobuf/message.js'

/** Values as JSON text by name: W&B's JSON has NaN, Infinity and -Infinity too. */
export type JsonItems = ReadonlyMap<string, string>

/** What identifies a run and what it was started with. */
export interface RunInfo {
  readonly runId: string
  /** Empty for the default one of the key's owner. */
  readonly entity: string
  readonly project: string
  readonly displayName: string
  readonly host: string
  /** Milliseconds since 1970. */
  readonly startTime: number
  /** Whether the log lacks the run's beginning, so that its numbers come after those which W&B has. */
  readonly resumed: boolean
  readonly config: JsonItems
}

/** What is read back of a record; `other` for all that W&B's own programs write besides. */
export type ReadRecord =
  | { readonly kind: 'run'; readonly run: RunInfo }
  | { readonly kind: 'config'; readonly items: JsonItems }
  | { readonly kind: 'history'; readonly step: number; readonly items: JsonItems }
  | { readonly kind: 'files'; readonly paths: readonly string[] }
  | { readonly kind: 'summary' }
  | { readonly kind: 'exit'; readonly exitCode: number }
  | { readonly kind: 'other' }

/** Field numbers of `wandb_internal.proto`'s Record and of the messages in it. */
const RECORD = { num: 1, history: 2, summary: 3, config: 5, files: 6, run: 17, exit: 18, header: 21 } as const
const RUN = { runId: 1, entity: 2, project: 3, config: 4, displayName: 8, host: 13, startTime: 17, resumed: 18, resume: 24 } as const // prettier-ignore
const ITEM = { key: 1, valueJson: 16 } as const
/** Of a file: to be sent at once, and a picture or video. */
const [POLICY_NOW, TYPE_MEDIA] = [0, 2]

export function headerRecord(num: number, producer: string): Uint8Array {
  return record(num, RECORD.header, (header) => header.message(1, (version) => version.text(1, producer)))
}

export function runRecord(num: number, run: RunInfo): Uint8Array {
  return record(num, RECORD.run, (message) => {
    message.text(RUN.runId, run.runId).text(RUN.entity, run.entity).text(RUN.project, run.project)
    message.message(RUN.config, (config) => writeItems(config, run.config))
    message.text(RUN.displayName, run.displayName).text(RUN.host, run.host)
    message.message(RUN.startTime, (time) => {
      time.integer(1, Math.floor(run.startTime / 1000))
      time.integer(2, Math.round((run.startTime % 1000) * 1e6))
    })
    if (run.resumed) message.integer(RUN.resumed, 1).integer(RUN.resume, 1)
  })
}

export function configRecord(num: number, items: JsonItems): Uint8Array {
  return record(num, RECORD.config, (config) => writeItems(config, items))
}

export function historyRecord(num: number, step: number, items: JsonItems): Uint8Array {
  return record(num, RECORD.history, (history) =>
    writeItems(history, items).message(2, (message) => message.integer(1, step)),
  )
}

/** @param path of a picture or video below the run's `files` */
export function mediaRecord(num: number, path: string): Uint8Array {
  return record(num, RECORD.files, (files) =>
    files.message(1, (item) => item.text(1, path).integer(2, POLICY_NOW).integer(3, TYPE_MEDIA)),
  )
}

export function summaryRecord(num: number, items: JsonItems): Uint8Array {
  return record(num, RECORD.summary, (summary) => writeItems(summary, items))
}

/** @param runtime seconds that the run took */
export function exitRecord(num: number, exitCode: number, runtime: number): Uint8Array {
  return record(num, RECORD.exit, (exit) => exit.integer(1, exitCode).integer(2, Math.round(runtime)))
}

/** @throws WireError if the bytes are no message. */
export function readRecord(bytes: Uint8Array): ReadRecord {
  const record = new Message(bytes)
  if (record.has(RECORD.history)) {
    const history = record.message(RECORD.history)
    return { kind: 'history', step: history.message(2).number(1), items: readItems(history, 1) }
  }
  if (record.has(RECORD.run)) return { kind: 'run', run: readRun(record.message(RECORD.run)) }
  if (record.has(RECORD.config)) return { kind: 'config', items: readItems(record.message(RECORD.config), 1) }
  if (record.has(RECORD.files)) {
    const paths = record.message(RECORD.files).messages(1)
    return { kind: 'files', paths: paths.map((item) => item.text(1)) }
  }
  if (record.has(RECORD.exit)) return { kind: 'exit', exitCode: record.message(RECORD.exit).number(1) }
  return { kind: record.has(RECORD.summary) ? 'summary' : 'other' }
}

function readRun(run: Message): RunInfo {
  const time = run.message(RUN.startTime)
  return {
    runId: run.text(RUN.runId),
    entity: run.text(RUN.entity),
    project: run.text(RUN.project),
    displayName: run.text(RUN.displayName),
    host: run.text(RUN.host),
    startTime: time.number(1) * 1000 + time.number(2) / 1e6,
    resumed: run.number(RUN.resumed) !== 0,
    config: readItems(run.message(RUN.config), 1),
  }
}

function record(num: number, field: number, write: (message: ProtobufWriter) => unknown): Uint8Array {
  const whole = new ProtobufWriter()
  whole.integer(RECORD.num, num)
  whole.message(field, (message) => void write(message))
  return whole.finish()
}

function writeItems(message: ProtobufWriter, items: JsonItems): ProtobufWriter {
  for (const [key, json] of items)
    message.message(1, (item) => void item.text(ITEM.key, key).text(ITEM.valueJson, json))
  return message
}

function readItems(message: Message, field: number): JsonItems {
  const items = message.messages(field)
  return new Map(items.map((item) => [item.text(ITEM.key), item.text(ITEM.valueJson)]))
}
