import { statSync } from 'node:fs'
import { jsonLineFile } from './json-line-file.js'
import type { Tracker } from './tracker.js'

/**
 * A log of one JSON object per line, `{"step": 10, "loss": 0.9, ..}`; numbers that are not finite are null.
 * @param file appended to if it is there
 * @param lastLine the step of the last line that a resumed run goes on from: those after it go; -1 for a new log
 * @param runId what the first line of a new log says besides, as `run_id`, so that one sees whose it is
 * @throws UserError if the file cannot be read or written.
 */
export function jsonLines(file: string, lastLine: number, runId?: string): Tracker {
  const append = jsonLineFile(file, lastLine)
  let isNew = (statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0
  return {
    log(step, metrics) {
      append({ step, ...(isNew && runId !== undefined && { run_id: runId }), ...metrics })
      isNew = false
    },
  }
}
