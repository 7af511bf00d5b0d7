import { on } from 'node:events'
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { type Entry, open, type Options, type ZipFile } from 'yauzl'
import { UserError } from '../errors.js'

/**
 * Unpacks the entries of a zip file for which `wanted` is true, keeping their paths below `folder`.
 * @returns the number of files written.
 * @throws UserError naming the file if it is damaged or an entry would land outside the folder.
 */
export async function unzip(
  file: string,
  folder: string,
  wanted: (name: string) => boolean,
): Promise<number> {
  let files = 0
  await eachEntry(file, async (entry, contents) => {
    if (entry.fileName.endsWith('/') || !wanted(entry.fileName)) return
    const target = path.join(folder, entry.fileName)
    await mkdir(path.dirname(target), { recursive: true })
    const executable = ((entry.externalFileAttributes >>> 16) & 0o111) !== 0
    await pipeline(await contents(), createWriteStream(target, { mode: executable ? 0o755 : 0o644 }))
    files++
  })
  return files
}

/**
 * The text of the last entry for which `wanted` is true, or undefined if there is none.
 * @throws UserError naming the file if it is damaged.
 */
export async function readZipText(
  file: string,
  wanted: (name: string) => boolean,
): Promise<string | undefined> {
  let found: string | undefined
  await eachEntry(file, async (entry, contents) => {
    if (wanted(entry.fileName)) found = await text(await contents())
  })
  return found
}

/**
 * The names of all files in an archive.
 * @throws UserError naming the file if it is damaged.
 */
export async function listEntries(file: string): Promise<string[]> {
  const names: string[] = []
  await eachEntry(file, ({ fileName }) => {
    if (!fileName.endsWith('/')) names.push(fileName)
    return Promise.resolve()
  })
  return names
}

/**
 * Unpacks one entry into a file.
 * @throws UserError naming the archive if it is damaged or has no such entry.
 */
export async function extractEntry(file: string, name: string, target: string): Promise<void> {
  let found = 0
  await eachEntry(file, async (entry, contents) => {
    if (entry.fileName !== name || found++ > 0) return
    await pipeline(await contents(), createWriteStream(target))
  })
  if (found === 0) throw new UserError(`${file} has no entry ${name}`)
}

type Visit = (entry: Entry, contents: () => Promise<Readable>) => Promise<void>

/** Calls `visit` for one entry after the other; yauzl refuses names that lead outside the folder. */
async function eachEntry(file: string, visit: Visit): Promise<void> {
  try {
    const zip = await promisify<string, Options, ZipFile>(open)(file, { lazyEntries: true, autoClose: false })
    try {
      const openStream = promisify<Entry, Readable>(zip.openReadStream.bind(zip))
      const entries = on(zip, 'entry', { close: ['end'] }) as AsyncIterable<[Entry]>
      zip.readEntry()
      for await (const [entry] of entries) {
        await visit(entry, () => openStream(entry))
        zip.readEntry()
      }
    } finally {
      zip.close()
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UserError(`could not unpack ${file}: ${reason}`, { cause: error })
  }
}
