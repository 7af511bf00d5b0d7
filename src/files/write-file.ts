import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import path from 'node:path'
import { fileFailure } from './file-failure.js'
import { makeFolder } from './make-folder.js'
import { keepAfterAll, removeLeft, removeOrLater } from './remove-file.js'
import { isMissing } from '../system-errors.js'
import { clearUnfinished, unfinishedFile } from './unfinished-files.js'

/** What goes into a file: bytes or text, or a function that writes to the open file. */
export type FileContent = Uint8Array | string | ((fd: number) => void)

/**
 * Writes a file so that it appears whole or not at all: a killed process or a full disk leaves the
 * previous content, and no other process ever reads a half-written one. Makes missing folders.
 * @throws UserError naming the file if it cannot be written.
 */
export function writeFileAtomic(file: string, content: FileContent): void {
  const output = beginFile(file)
  try {
    if (typeof content === 'function') content(output.fd)
    else writeFully(output.fd, typeof content === 'string' ? Buffer.from(content) : content)
    output.commit()
  } catch (error) {
    throw output.abandon(error)
  }
}

/** As `writeFileAtomic`, for content that arrives over time, such as a decoder's output. */
export async function streamFileAtomic(file: string, write: (fd: number) => Promise<void>): Promise<void> {
  const output = beginFile(file)
  try {
    await write(output.fd)
    output.commit()
  } catch (error) {
    throw output.abandon(error)
  }
}

/** Writes every byte: one `write` call may take fewer than it is given. */
export function writeFully(fd: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length;) offset += writeSync(fd, bytes, offset)
}

/** The folders that this process has looked through for what killed ones left. */
const cleared = new Set<string>()

/** Opens a file beside `file` that takes its place once it is whole. */
function beginFile(file: string) {
  const folder = path.resolve(path.dirname(file))
  const temporary = unfinishedFile(file)
  let fd: number
  removeLeft()
  try {
    makeFolder(folder)
    if (!cleared.has(folder)) clearUnfinished(folder)
    cleared.add(folder)
    fd = openSync(temporary, 'w')
  } catch (error) {
    throw describeWriteError(file, error)
  }
  let open = true
  const close = () => {
    if (!open) return
    open = false
    closeSync(fd)
  }
  return {
    fd,
    commit() {
      fsyncSync(fd)
      close()
      renameSync(temporary, file)
      keepAfterAll(file)
    },
    /** @returns the error to throw, in the user's words where it is the user's affair. */
    abandon(error: unknown): unknown {
      try {
        close()
      } catch {
        // It is not used, and what went wrong before is the news.
      }
      removeOrLater(temporary)
      return isAboutAnother(temporary, error) ? error : describeWriteError(file, error)
    },
  }
}

/** What went wrong with a file in a line; faults of the program as they are. */
export function describeWriteError(file: string, error: unknown): unknown {
  // A file that is missing while another is written is a fault of the program.
  return isMissing(error) ? error : fileFailure('write', file, error)
}

/** Whether an error names a file, as those of open files do not, and not this one: what was to be copied. */
function isAboutAnother(file: string, error: unknown): boolean {
  return error instanceof Error && 'path' in error && error.path !== file
}
