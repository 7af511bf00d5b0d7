import { readFileSync } from 'node:fs'
import { isMissing } from '../system-errors.js'
import { fileFailure } from './file-failure.js'

/** Whose log a file is: a run's, nobody's, as there is no whole line in it, or unknown. */
export type LogOwner = { readonly runId: string } | 'nobody' | 'unknown'

/**
 * Which run wrote a log of `jsonLines`, as its first line says. Older versions did not say it.
 * @throws UserError if the file cannot be read.
 */
export function logOwner(file: string): LogOwner {
  const lines = linesOf(file)
  // What a process was killed at that wrote its first line is no log yet.
  if (lines.length < 2) return 'nobody'
  try {
    const runId = (JSON.parse(lines[0] ?? '') as { readonly run_id?: unknown } | null)?.run_id
    return typeof runId === 'string' ? { runId } : 'unknown'
  } catch {
    return 'unknown'
  }
}

/** What is between line feeds: one more than there are. */
function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch (error) {
    if (isMissing(error)) return []
    throw fileFailure('read', file, error)
  }
}
