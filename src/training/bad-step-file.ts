import { appendFileSync, readFileSync } from 'node:fs'
import { UserError } from '../errors.js'
import { isMissing, writeFileAtomic } from '../files.js'
import { fileReason } from '../system-errors.js'
import type { BadStep } from './bad-step-report.js'

/**
 * The bad steps of a run, one JSON object per line; there is no file while there are none. Numbers that are
 * not finite are texts, so that one sees which they were.
 * @param step updates that a resumed run has done: what a killed one noted after it goes
 * @throws UserError if the file cannot be read or written.
 */
export function badStepFile(file: string, step: number): (bad: BadStep) => void {
  attempt('read', file, () => {
    const lines = linesOf(file)
    const kept = lines.filter((line) => stepOf(line) <= step)
    if (kept.length < lines.length) writeFileAtomic(file, kept.map((line) => `${line}\n`).join(''))
  })
  return (bad) => {
    attempt('write', file, () => appendFileSync(file, `${JSON.stringify(bad, spellOut)}\n`))
  }
}

function spellOut(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/** Of a line that a killed process left unfinished: infinity, so that it goes. */
function stepOf(line: string): number {
  try {
    return (JSON.parse(line) as Partial<BadStep> | null)?.step ?? Infinity
  } catch {
    return Infinity
  }
}

function attempt(what: 'read' | 'write', file: string, run: () => void): void {
  try {
    run()
  } catch (error) {
    const reason = fileReason(error)
    throw reason ? new UserError(`could not ${what} ${file}: ${reason}`, { cause: error }) : error
  }
}
