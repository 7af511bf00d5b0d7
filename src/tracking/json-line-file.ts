import { appendFileSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '../files/write-file.js'
import { isMissing } from '../system-errors.js'
import { makeFolder } from '../files/make-folder.js'
import { fileFailure } from './file-failure.js'

/** A line of such a file: what it says, and after which step. */
export interface StepLine {
  readonly step: number
}

/**
 * Opens a file of one JSON object per line, each with the `step` it belongs to, in their order. It is made with
 * its first line.
 * @param lastStep the step that a resumed run goes on from: lines after it, what a killed process left unfinished
 * and what comes after that are removed
 * @param spell what JSON has no words for, as a replacer of `JSON.stringify`
 * @returns what appends a line
 * @throws UserError if the file cannot be read or written, then or later.
 */
export function jsonLineFile(
  file: string,
  lastStep: number,
  spell?: (name: string, value: unknown) => unknown,
): (line: StepLine) => void {
  const lines = attempt('read', file, () => linesOf(file))
  const end = lines.findIndex((line) => stepOf(line) >= lastStep)
  const kept = lines.filter((line, i) => (end === -1 || i <= end) && stepOf(line) <= lastStep)
  if (kept.length < lines.length) writeFileAtomic(file, kept.map((line) => `${line}\n`).join(''))
  return (line) => {
    attempt('write', file, () => {
      makeFolder(path.dirname(file))
      appendFileSync(file, `${JSON.stringify(line, spell)}\n`)
    })
  }
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
    const step = (JSON.parse(line) as Partial<StepLine> | null)?.step
    return typeof step === 'number' ? step : Infinity
  } catch {
    return Infinity
  }
}

function attempt<R>(what: 'read' | 'write', file: string, run: () => R): R {
  try {
    return run()
  } catch (error) {
    throw fileFailure(what, file, error)
  }
}
