import { accessSync, constants, mkdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { UserError } from '../errors.js'
import { errorCode, fileReason } from '../system-errors.js'

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

/**
 * Makes sure of a folder that is to be written to later, when it would be a pity if it could not be.
 * @throws UserError naming the folder and what stands in the way.
 */
export function requireFolder(folder: string): void {
  try {
    makeFolder(folder)
    // Of a file of that name, the point says that it is none.
    accessSync(`${folder}/.`, constants.W_OK)
  } catch (error) {
    const reason = fileReason(error)
    throw reason ? new UserError(`could not write to ${folder}: ${reason}`, { cause: error }) : error
  }
}

/** Whether there is a folder at a place, or something that leads to one. */
export function isFolder(place: string): boolean {
  try {
    return statSync(place).isDirectory()
  } catch {
    return false
  }
}

/** A file counts as well: making a folder below it says what is wrong. */
function isThere(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false }) !== undefined || path.dirname(place) === place
}
