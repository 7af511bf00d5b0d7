import { jsonLineFile } from '../../tracking/json-line-file.js'
import type { BadStep } from './bad-step-report.js'

/**
 * The bad steps of a run, one JSON object per line; there is no file while there are none. Numbers that are
 * not finite are texts, so that one sees which they were.
 * @param step updates that a resumed run has done: what a killed one noted after it goes
 * @throws UserError if the file cannot be read or written.
 */
export function badStepFile(file: string, step: number): (bad: BadStep) => void {
  return jsonLineFile(file, step, (_, value) =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value,
  )
}
