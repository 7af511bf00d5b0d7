import { readFileSync } from 'node:fs'
import { writeFileAtomic } from '../../files/write-file.js'

/** How far a run's log has been sent: the content of `sent.json` beside it. */
export interface SentState {
  /** The service and the run there; another one has got nothing yet. */
  readonly target: string
  /** Lines of the log that the service has confirmed. */
  readonly lines: number
  /** Line of the service's history that the log's first line is. */
  readonly base: number
  /** Step up to which the service had numbers when this log began. */
  readonly lastStep: number
  /** Lines at the log's beginning that are of those steps and were not sent. */
  readonly dropped: number
}

/** @returns undefined if nothing is known: everything is sent once more then, to the same lines */
export function readSentState(file: string, target: string): SentState | undefined {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as Partial<SentState> | null
    const numbers = [state?.lines, state?.base, state?.lastStep, state?.dropped]
    return state?.target === target && numbers.every(Number.isInteger) ? (state as SentState) : undefined
  } catch {
    return undefined
  }
}

export function writeSentState(file: string, state: SentState): void {
  writeFileAtomic(file, `${JSON.stringify(state)}\n`)
}
