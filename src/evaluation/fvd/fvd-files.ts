import { readFileSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../../errors.js'
import { writeFileAtomic } from '../../files/write-file.js'
import { readJsonRecord } from '../../sampling/results/json-record.js'
import { isMissing } from '../../system-errors.js'

/** Which distance of a run's samples a file holds. */
export interface FvdFileName {
  readonly videos: number
  readonly sampleIdx: number
  /** Whether pixels were cut off as in published distances. */
  readonly cutOff: boolean
}

/** `fvd-<videos>-<sample_idx>.txt`, which holds the one number; of cut off pixels with `-original`. */
export function fvdFile(evalDir: string, { videos, sampleIdx, cutOff }: FvdFileName): string {
  return path.join(evalDir, `fvd-${videos}-${sampleIdx}${cutOff ? '-original' : ''}.txt`)
}

/**
 * The distance that was measured before; undefined if it was not.
 * @throws UserError naming the file if it holds something else.
 */
export function readFvd(evalDir: string, name: FvdFileName): number | undefined {
  const file = fvdFile(evalDir, name)
  let content: string
  try {
    content = readFileSync(file, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const value = Number(content)
  if (content.trim() !== '' && Number.isFinite(value)) return value
  throw new UserError(`${file} is damaged: it holds no number; remove it to measure anew`)
}

/**
 * Whether a measured distance is of other videos, as many of them: of a set of which others were left out. The
 * original program says nothing of that.
 * @param videos numbers of those to compare
 */
export function isOfOthers(evalDir: string, name: FvdFileName, videos: readonly number[]): boolean {
  const compared = readJsonRecord(fvdFile(evalDir, name).replace(/\.txt$/, '.json'))?.compared
  return Array.isArray(compared) && compared.join() !== videos.join()
}

/** Writes the number, and beside it (`.json`) how it came about. */
export function writeFvd(evalDir: string, name: FvdFileName, fvd: number, record: object): void {
  const file = fvdFile(evalDir, name)
  writeFileAtomic(file.replace(/\.txt$/, '.json'), `${JSON.stringify(record, null, 2)}\n`)
  writeFileAtomic(file, `${fvd}\n`)
}
