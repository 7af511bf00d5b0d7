import { appendFileSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { isMissing, writeFileAtomic } from '../files.js'
import { makeFolder } from '../make-folder.js'
import { fileReason } from '../system-errors.js'
import type { Tracker } from './tracker.js'

/**
 * A log of one JSON object per line, `{"step": 10, "loss": 0.9, ..}`; numbers that are not finite are null.
 * @param file appended to if it is there
 * @param lastLine the step of the last line that a resumed run goes on from: those after it go
 * @throws UserError if the file cannot be read or written.
 */
export function jsonLines(file: string, lastLine: number): Tracker {
  const lines = readLines(file)
  const end = lines.findIndex((line) => stepOf(line) >= lastLine)
  const kept = lines.filter((line, i) => (end === -1 || i <= end) && stepOf(line) <= lastLine)
  if (kept.length < lines.length) writeFileAtomic(file, kept.map((line) => `${line}\n`).join(''))
  return {
    log: (step, metrics) => {
      try {
        makeFolder(path.dirname(file))
        appendFileSync(file, `${JSON.stringify({ step, ...metrics })}\n`)
      } catch (error) {
        throw failure('write', file, error)
      }
    },
  }
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch (error) {
    if (isMissing(error)) return []
    throw failure('read', file, error)
  }
}

function failure(what: 'read' | 'write', file: string, error: unknown): UserError {
  const reason = fileReason(error) ?? (error instanceof Error ? error.message : String(error))
  return new UserError(`could not ${what} the log ${file}: ${reason}`, { cause: error })
}

/** Of a line that a killed process left unfinished: infinity, so that it goes. */
function stepOf(line: string): number {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'step' in value && typeof value.step === 'number'
      ? value.step
      : Infinity
  } catch {
    return Infinity
  }
}
