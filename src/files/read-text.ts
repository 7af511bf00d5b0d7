import { readFileSync } from 'node:fs'
import { fileFailure } from './file-failure.js'

/**
 * Reads a text file.
 * @throws UserError naming the file if it cannot be read.
 */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw fileFailure('read', file, error)
  }
}
