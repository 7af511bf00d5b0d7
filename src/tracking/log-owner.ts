import { wholeLines } from '../files/whole-lines.js'
import { fileFailure } from '../files/file-failure.js'

/** Whose log a file is: a run's, nobody's, as there is no whole line in it, or unknown. */
export type LogOwner = { readonly runId: string } | 'nobody' | 'unknown'

/**
 * Which run wrote a log of `jsonLines`, as its first line says. Older versions did not say it.
 * @throws UserError if the file cannot be read.
 */
export function logOwner(file: string): LogOwner {
  const line = firstLine(file)
  // What a process was killed at that wrote its first line is no log yet.
  if (line === undefined) return 'nobody'
  try {
    const runId = (JSON.parse(line) as { readonly run_id?: unknown } | null)?.run_id
    return typeof runId === 'string' ? { runId } : 'unknown'
  } catch {
    return 'unknown'
  }
}

function firstLine(file: string): string | undefined {
  try {
    for (const { text } of wholeLines(file)) return text
    return undefined
  } catch (error) {
    throw fileFailure('read', file, error)
  }
}
