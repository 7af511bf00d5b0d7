import { statSync, truncateSync } from 'node:fs'
import path from 'node:path'
import { wholeAppender } from '../files/append-whole.js'
import { makeFolder } from '../files/make-folder.js'
import { wholeLines } from '../files/whole-lines.js'
import { fileFailure } from '../files/file-failure.js'

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
 * @throws UserError if the file cannot be read or written, then or later: of a line that cannot be written nothing
 * is there, and it may be tried again.
 */
export function jsonLineFile(
  file: string,
  lastStep: number,
  spell?: (name: string, value: unknown) => unknown,
): (line: StepLine) => void {
  const end = attempt('read', file, () => endOfStep(file, lastStep))
  attempt('write', file, () => {
    if (end < sizeOf(file)) truncateSync(file, end)
  })
  const append = wholeAppender(file)
  return (line) => {
    attempt('write', file, () => {
      makeFolder(path.dirname(file))
      append(Buffer.from(`${JSON.stringify(line, spell)}\n`))
    })
  }
}

/** Where the line of a step ends, or if it has none the last one before: in bytes. */
function endOfStep(file: string, lastStep: number): number {
  let before = 0
  for (const { text, end } of wholeLines(file)) {
    const step = text === '' ? -Infinity : stepOf(text)
    if (step > lastStep) break
    before = end
    if (step === lastStep) break
  }
  return before
}

const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0

/** Of a line that is damaged: infinity, so that it goes. */
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
