import { mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { errorCode } from './error-code.js'
import { UserError } from './errors.js'

/**
 * Makes a folder and those above it that are missing. Not Node's `recursive: true`, which never returns
 * where a folder exists and yet none can be made in it, as in /proc.
 * @throws UserError where the system makes none; the system's error if it may not be made, or a file is in
 * the way.
 */
export function makeFolder(folder: string): void {
  const missing: string[] = []
  for (let at = path.resolve(folder); !isThere(at); at = path.dirname(at)) missing.push(at)
  for (const next of missing.reverse()) {
    try {
      mkdirSync(next)
    } catch (error) {
      // Another process may have made it in the meantime.
      if (isFolder(next)) continue
      // What is above it is there.
      if (errorCode(error) === 'ENOENT')
        throw new UserError(`${path.dirname(next)} takes no folders: name another place`, { cause: error })
      throw error
    }
  }
}

/** A file counts as well: making a folder below it says what is wrong. */
function isThere(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false }) !== undefined || path.dirname(place) === place
}

function isFolder(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() === true
}
