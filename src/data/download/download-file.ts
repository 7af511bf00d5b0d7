import { statSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { lock } from 'proper-lockfile'
import { UserError } from '../../errors.js'
import { errorCode, fileReason } from '../../system-errors.js'
import { PartialFile } from './partial-file.js'
import { requestFrom } from './request-from.js'
import { fileSha256, recordedSha256, recordSha256 } from './sha256.js'

export interface DownloadOptions {
  /** Called with the bytes that are there and, once known, of how many. */
  readonly onProgress?: ((done: number, total: number | undefined) => void) | undefined
  /** Told in one line why bytes are asked for again. */
  readonly onRetry?: ((reason: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Milliseconds before the first retry; doubled for each further one in a row. */
  readonly pause?: number
  /** Milliseconds without a byte after which a connection is given up. */
  readonly patience?: number
}

export interface Downloaded {
  /** Whether it was there already. */
  readonly kept: boolean
  readonly bytes: number
  /** SHA-256 of what was received. */
  readonly sha256: string
}

/** Attempts in a row that bring no byte that was not there, after which there will be no more. */
const MOST_ATTEMPTS = 6

/**
 * Fetches a file, going on where an earlier call was interrupted, and records its SHA-256 beside it. The file
 * appears whole or not at all: until then what was received is `<file>.part`. A file that is there is compared
 * with the checksum recorded when it was received. Connections that break are made again; bytes of two states
 * of the file, where it changes on the server, are never mixed.
 * @throws UserError if the server refuses or is unreachable, the disk is full, the file that is there is not
 *   what was received, or another process is fetching it.
 */
export async function downloadFile(
  url: string,
  file: string,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const there = statSync(file, { throwIfNoEntry: false })
  if (there) return keptFile(file, there.size, options.signal)
  try {
    const partial = new PartialFile(file, url)
    const release = await acquire(file)
    try {
      // Another process may have finished it in the meantime.
      const other = statSync(file, { throwIfNoEntry: false })
      if (other) return await keptFile(file, other.size, options.signal)
      const bytes = await receive(partial, options)
      const sha256 = await fileSha256(partial.part, options.signal)
      // Before the file itself: whoever sees the file can check it.
      recordSha256(file, sha256)
      partial.finish()
      return { kept: false, bytes, sha256 }
    } finally {
      partial.close()
      await release()
    }
  } catch (error) {
    const reason = error instanceof UserError || options.signal?.aborted ? undefined : fileReason(error)
    throw reason ? new UserError(`could not write ${file}: ${reason}`, { cause: error }) : error
  }
}

async function keptFile(file: string, bytes: number, signal: AbortSignal | undefined): Promise<Downloaded> {
  const [sha256, recorded] = [await fileSha256(file, signal), recordedSha256(file)]
  if (recorded === undefined) recordSha256(file, sha256)
  else if (recorded !== sha256)
    throw new UserError(
      `${file} is not what was received: its SHA-256 is ${sha256}, ${file}.sha256 says ${recorded}; ` +
        'remove both to fetch it anew',
    )
  return { kept: true, bytes, sha256 }
}

/** Asks until all is there. */
async function receive(partial: PartialFile, options: DownloadOptions): Promise<number> {
  const { onProgress, onRetry, signal, pause = 1000, patience = 60_000 } = options
  for (let failures = 0; ;) {
    const before = partial.state()
    try {
      signal?.throwIfAborted()
      const answer = await requestFrom(partial.url, before, patience, signal)
      if (answer.kind === 'whole') return before.bytes
      let done = answer.start
      partial.open(done, answer.validators)
      onProgress?.(done, answer.validators.total)
      for await (const chunk of answer.body) {
        partial.write(chunk)
        done += chunk.length
        onProgress?.(done, answer.validators.total)
      }
      partial.close()
      const { total } = answer.validators
      if (total === undefined || done === total) return done
      if (done > total) {
        partial.discard()
        throw new Error(`${done} bytes came of ${total}`)
      }
      throw new Error(`the connection ended after ${done} of ${total} bytes`)
    } catch (error) {
      partial.close()
      signal?.throwIfAborted()
      if (error instanceof UserError || fileReason(error) !== undefined) throw error
      // Not what came counts, but what is there: a server that always begins anew may never come to the end.
      failures = partial.state().bytes > before.bytes ? 1 : failures + 1
      const reason = describe(error)
      if (failures >= MOST_ATTEMPTS)
        throw new UserError(
          `could not fetch ${partial.url}: ${reason}; run it again to go on after ${partial.state().bytes} bytes`,
          { cause: error },
        )
      onRetry?.(reason)
      await setTimeout(pause * 2 ** (failures - 1), undefined, signal ? { signal } : {}).catch(
        () => undefined,
      )
    }
  }
}

/** Milliseconds without a sign of life after which a process that is fetching counts as killed. */
const STALE = 30_000

async function acquire(file: string): Promise<() => Promise<void>> {
  try {
    return await lock(file, {
      realpath: false,
      lockfilePath: `${file}.part.lock`,
      stale: STALE,
      update: 5_000,
    })
  } catch (error) {
    if (errorCode(error) !== 'ELOCKED') throw error
    throw new UserError(
      `another process is fetching ${file}, or was less than ${STALE / 1000} s ago: wait for it, or end it`,
      { cause: error },
    )
  }
}

/** `fetch` says only that it failed; what failed is below. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message || error.message : error.message
}
