import { readdirSync } from 'node:fs'
import path from 'node:path'
import { counted } from '../../counted.js'
import { byName } from '../../data/by-name.js'
import { UserError } from '../../errors.js'
import { readJsonRecord, type JsonRecord } from '../../sampling/results/json-record.js'
import { fvdFile, readFvd } from '../fvd/fvd-files.js'
import { METRICS } from '../quality/measure-quality.js'
import { METRIC_TITLES } from '../quality/quality-text.js'

/** One number of a run, as it is shown. */
export interface ReportNumber {
  /** What it is, with its unit: `WD in m/s`. */
  readonly name: string
  /** What it is of: `100 videos`. Numbers of the same name and context can be compared. */
  readonly context: string
  readonly value: string
  /** How sure it is, if that is known. */
  readonly detail: string
}

/**
 * The numbers that other commands wrote into the folder of a run.
 * @throws UserError naming a file that is damaged.
 */
export function runNumbers(evalDir: string): ReportNumber[] {
  const names = readdirSync(evalDir).sort(byName)
  return KINDS.flatMap(({ pattern, read }) =>
    names.flatMap((name) => {
      const [, ...parts] = pattern.exec(name) ?? []
      return parts.length === 0 ? [] : read({ evalDir, name, parts })
    }),
  )
}

interface Found {
  readonly evalDir: string
  readonly name: string
  /** Numbers in the file's name, and what may follow them. */
  readonly parts: readonly (string | undefined)[]
}

/** In the order of the report. */
const KINDS: readonly { readonly pattern: RegExp; readonly read: (found: Found) => ReportNumber[] }[] = [
  { pattern: /^fvd-(\d+)-(\d+)(-original)?\.txt$/, read: ofFvd },
  { pattern: /^quality-(\d+)-(\d+)\.json$/, read: ofQuality },
  { pattern: /^mazes-accuracy-(\d+)-(\d+)\.json$/, read: ofMazes },
  { pattern: /^carla-metrics-(\d+)-(\d+)\.json$/, read: ofDrives },
]

function ofFvd({ evalDir, parts: [videos, sampleIdx, cutOff] }: Found): ReportNumber[] {
  const file = { videos: Number(videos), sampleIdx: Number(sampleIdx), cutOff: cutOff !== undefined }
  const fvd = readFvd(evalDir, file)
  if (fvd === undefined) return []
  // The original program writes the number alone.
  const record = readJsonRecord(fvdFile(evalDir, file).replace(/\.txt$/, '.json')) ?? {}
  const [low, high] = [at(record, 'interval', 'low'), at(record, 'interval', 'high')]
  const kernel = at(record, 'kernel', 'all')
  const context = `${of(videos, sampleIdx)}${file.cutOff ? ', pixels cut off' : ''}`
  const interval = low === undefined || high === undefined ? '' : `${low.toFixed(1)} to ${high.toFixed(1)}`
  return [
    { name: 'FVD', context, value: fvd.toFixed(1), detail: interval },
    ...(kernel === undefined ? [] : [{ name: 'KVD', context, value: kernel.toFixed(4), detail: '' }]),
  ]
}

function ofQuality({ evalDir, name, parts: [videos, each] }: Found): ReportNumber[] {
  const record = readJsonRecord(path.join(evalDir, name)) ?? {}
  const kinds = Number(each) > 1 ? (['mean', 'best'] as const) : (['mean'] as const)
  return METRICS.filter((metric) => record[metric] !== undefined).flatMap((metric) =>
    kinds.map((kind) => {
      const { name: title, digits } = METRIC_TITLES[metric]
      const value = required(evalDir, name, at(record, metric, kind, 'value'))
      const error = at(record, metric, kind, 'standardError')
      const context = `${counted(Number(videos), 'video')}, ${Number(each) > 1 ? `${kind} of ${each}` : 'one sample'}`
      return {
        name: metric === 'psnr' ? `${title} in dB` : title,
        context,
        ...{ value: value.toFixed(digits), detail: plusMinus(error, digits) },
      }
    }),
  )
}

function ofMazes({ evalDir, name, parts: [videos, each] }: Found): ReportNumber[] {
  const record = readJsonRecord(path.join(evalDir, name)) ?? {}
  const accuracy = required(evalDir, name, at(record, 'accuracy'))
  const detail = plusMinus(at(record, 'standardError'), 1)
  const context = `${counted(Number(videos), 'video')}, ${each} of each`
  return [{ name: 'maze accuracy in %', context, value: accuracy.toFixed(1), detail }]
}

function ofDrives({ evalDir, name, parts: [videos, sampleIdx] }: Found): ReportNumber[] {
  const record = readJsonRecord(path.join(evalDir, name)) ?? {}
  const context = of(videos, sampleIdx)
  // Without usual speeds there is no distance.
  const distance = at(record, 'distance')?.toFixed(3) ?? 'none'
  const outliers = required(evalDir, name, at(record, 'outliers'))
  return [
    { name: 'WD in m/s', context, value: distance, detail: '' },
    { name: 'PO in %', context, value: outliers.toFixed(2), detail: '' },
  ]
}

function of(videos: string | undefined, sampleIdx = '0'): string {
  return `${counted(Number(videos), 'video')}${sampleIdx === '0' ? '' : `, sample ${sampleIdx}`}`
}

const plusMinus = (error: number | undefined, digits: number) =>
  error === undefined ? '' : `± ${error.toFixed(digits)}`

/** The number at a place in a record; undefined if there is none. */
function at(record: JsonRecord, ...keys: readonly string[]): number | undefined {
  const found = keys.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as JsonRecord)[key] : undefined),
    record,
  )
  return typeof found === 'number' ? found : undefined
}

function required(evalDir: string, name: string, value: number | undefined): number {
  if (value !== undefined) return value
  throw new UserError(
    `${path.join(evalDir, name)} is damaged: it lacks the number; remove it to measure anew`,
  )
}
