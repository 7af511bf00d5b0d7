import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import path from 'node:path'
import { writeFileAtomic } from '../../files/write-file.js'
import { isMissing } from '../../system-errors.js'

/** The SHA-256 of a file, as 64 hexadecimal digits. */
export async function fileSha256(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) {
    signal?.throwIfAborted()
    hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}

/** Writes it beside the file, `<file>.sha256`, in the form that `sha256sum -c` checks. */
export function recordSha256(file: string, digest: string): void {
  writeFileAtomic(`${file}.sha256`, `${digest}  ${path.basename(file)}\n`)
}

/** The one that was recorded; undefined if there is none. */
export function recordedSha256(file: string): string | undefined {
  try {
    return /^([0-9a-f]{64})\b/i.exec(readFileSync(`${file}.sha256`, 'utf8'))?.[1]?.toLowerCase()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
