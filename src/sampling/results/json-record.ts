import { readFileSync } from 'node:fs'
import { UserError } from '../../errors.js'
import { fileFailure } from '../../files/file-failure.js'
import { isMissing } from '../../system-errors.js'

/** A JSON object, of which nothing is known yet. */
export type JsonRecord = Readonly<Record<string, unknown>>

/**
 * Reads a file of one JSON object; undefined if it is not there.
 * @throws UserError naming the file if it cannot be read or holds something else.
 */
export function readJsonRecord(file: string): JsonRecord | undefined {
  try {
    const record: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof record === 'object' && record !== null && !Array.isArray(record)) return record as JsonRecord
  } catch (error) {
    if (isMissing(error)) return undefined
    if (!(error instanceof SyntaxError)) throw fileFailure('read', file, error)
  }
  throw new UserError(`${file} is damaged: it holds no JSON object`)
}
