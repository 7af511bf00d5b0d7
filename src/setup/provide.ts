import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { lock } from 'proper-lockfile'
import { UserError } from '../errors.js'
import { isFolder, makeFolder } from '../files/make-folder.js'
import { syncToDisk } from '../files/sync-to-disk.js'
import { errorCode, fileReason, isMissing } from '../system-errors.js'

const UNFINISHED = 'unfinished'

/**
 * The file or folder `name` in the cache, made by `make` if it is not there. It is made under another path
 * and renamed when it is whole, so whatever has its name is complete. To be called within `withCache`.
 */
export async function provide(
  cache: string,
  name: string,
  make: (temporary: string) => Promise<void>,
): Promise<string> {
  const target = path.join(cache, name)
  if (existsSync(target)) return target
  // The number keeps it apart from what a killed process's children may still be writing.
  const temporary = path.join(cache, UNFINISHED, String(process.pid), name)
  makeFolder(path.dirname(temporary))
  await make(temporary)
  // Else a machine that fails could leave the name without all that it stands for.
  syncAll(temporary)
  renameSync(temporary, target)
  return target
}

/** A file, or a folder with all that is in it. */
function syncAll(place: string): void {
  const entries = isFolder(place) ? readdirSync(place, { recursive: true, withFileTypes: true }) : []
  for (const entry of entries)
    if (!entry.isSymbolicLink()) syncToDisk(path.join(entry.parentPath, entry.name))
  syncToDisk(place)
}

/**
 * Runs `work` while no other process works on the cache folder, after removing what a killed one left
 * unfinished. Makes the folder if needed.
 * @param onWait called once if another process has to be waited for.
 * @throws UserError if the folder cannot be made or the disk is full.
 */
export async function withCache<T>(cache: string, onWait: () => void, work: () => Promise<T>): Promise<T> {
  try {
    makeFolder(cache)
    const release = await acquire(cache, onWait)
    try {
      clear(cache)
      return await work()
    } finally {
      clear(cache)
      await release()
    }
  } catch (error) {
    throw describe(cache, error)
  }
}

function clear(cache: string): void {
  rmSync(path.join(cache, UNFINISHED), { recursive: true, force: true, maxRetries: 5 })
}

async function acquire(cache: string, onWait: () => void): Promise<() => Promise<void>> {
  // A lock whose holder was killed is taken over after `stale` milliseconds without a sign of life.
  const once = () => lock(cache, { stale: 10_000, update: 2_000 })
  try {
    return await once()
  } catch (error) {
    if (errorCode(error) !== 'ELOCKED') throw error
  }
  onWait()
  const retries = { retries: 3600, factor: 1, minTimeout: 1000, maxTimeout: 1000 }
  return lock(cache, { stale: 10_000, update: 2_000, retries })
}

function describe(cache: string, error: unknown): unknown {
  const reason = isMissing(error) ? undefined : fileReason(error)
  if (!reason) return error
  return new UserError(`could not write the cache folder ${cache}: ${reason}; FDM_CACHE_DIR names another`, {
    cause: error,
  })
}
