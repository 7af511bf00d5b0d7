import { createReadStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { Unpack } from 'tar'
import { UserError } from '../../errors.js'
import { isFolder } from '../../files/make-folder.js'
import { fileReason } from '../../system-errors.js'

/**
 * Unpacks a tar archive, compressed or not, into a folder that appears whole or not at all. If all of it lies
 * in one folder, that one becomes `folder`.
 * @returns false if the folder was there already, which is left as it is
 * @throws UserError naming the archive if it is damaged or leads outside the folder, or the disk is full.
 */
export async function unpack(
  archive: string,
  folder: string,
  onEntry?: (count: number, name: string) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  if (existsSync(folder)) return false
  const unfinished = path.join(path.dirname(folder), `.${path.basename(folder)}.unpacking`)
  // What a killed process left.
  rmSync(unfinished, { recursive: true, force: true })
  try {
    mkdirSync(unfinished, { recursive: true })
    await extract(archive, unfinished, onEntry, signal)
    signal?.throwIfAborted()
    const names = readdirSync(unfinished)
    const only = names.length === 1 ? path.join(unfinished, names[0] ?? '') : undefined
    renameSync(only !== undefined && isFolder(only) ? only : unfinished, folder)
    return true
  } catch (error) {
    signal?.throwIfAborted()
    const reason = fileReason(error) ?? (error instanceof Error ? error.message : String(error))
    throw new UserError(`could not unpack ${archive}: ${reason}`, { cause: error })
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

async function extract(
  archive: string,
  folder: string,
  onEntry: ((count: number, name: string) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  let count = 0
  // Strict: what cannot be unpacked as it is, paths that lead outside included, is an error.
  const unpacking = new Unpack({ cwd: folder, strict: true })
  unpacking.on('entry', ({ path: name }: { readonly path: string }) => onEntry?.(++count, name))
  const failed = new Promise<never>((_, reject) => unpacking.on('error', reject))
  const closed = new Promise<void>((resolve) => unpacking.on('close', () => resolve()))
  // Awaited only together with something else.
  failed.catch(() => undefined)
  for await (const chunk of createReadStream(archive, { highWaterMark: 2 ** 20 })) {
    signal?.throwIfAborted()
    if (!unpacking.write(chunk as Buffer)) await Promise.race([failed, drained(unpacking)])
  }
  unpacking.end()
  await Promise.race([failed, closed])
}

const drained = (unpacking: Unpack) =>
  new Promise<void>((resolve) => unpacking.once('drain', () => resolve()))
