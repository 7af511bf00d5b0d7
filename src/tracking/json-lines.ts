import { jsonLineFile } from './json-line-file.js'
import type { Tracker } from './tracker.js'

/**
 * A log of one JSON object per line, `{"step": 10, "loss": 0.9, ..}`; numbers that are not finite are null.
 * @param file appended to if it is there
 * @param lastLine the step of the last line that a resumed run goes on from: those after it go
 * @throws UserError if the file cannot be read or written.
 */
export function jsonLines(file: string, lastLine: number): Tracker {
  const append = jsonLineFile(file, lastLine)
  return { log: (step, metrics) => append({ step, ...metrics }) }
}
