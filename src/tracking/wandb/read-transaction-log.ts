import { closeSync, openSync, readSync } from 'node:fs'
import { UserError } from '../../errors.js'
import { BLOCK, CHUNK_HEADER, chunkChecksum, FILE_HEADER, PART } from './transaction-log.js'

export interface LogRecord {
  readonly bytes: Uint8Array
  /** Where it starts in the file, and where it ends. */
  readonly start: number
  readonly end: number
}

export interface ReadOptions {
  /** Start of a record; the first one if it is left out. */
  readonly from?: number
  /**
   * What damaged bytes mean: `stop`, that they are just being written; `skip`, that the record is lost and
   * the next one is looked for in the next block, as W&B's own readers do.
   */
  readonly damaged: 'stop' | 'skip'
}

/**
 * The records of a `.wandb` file, one after the other; an unfinished one at its end is left out.
 * @throws UserError if it is none; the system's error if it cannot be read.
 */
export function* readTransactionLog(file: string, { from, damaged }: ReadOptions): Generator<LogRecord> {
  const fd = openSync(file, 'r')
  try {
    const header = readAt(fd, 0, FILE_HEADER.length)
    if (!Buffer.from(FILE_HEADER).equals(header)) throw new UserError(`${file} is no log of W&B`)
    yield* records(fd, from ?? FILE_HEADER.length, damaged === 'skip')
  } finally {
    closeSync(fd)
  }
}

function* records(fd: number, from: number, skip: boolean): Generator<LogRecord> {
  let at = from
  let start = at
  let parts: Uint8Array[] = []
  for (;;) {
    const room = BLOCK - (at % BLOCK)
    if (room < CHUNK_HEADER) {
      at += room
      if (parts.length === 0 && readAt(fd, at, 1).length === 0) return
      continue
    }
    const found = readChunk(fd, at, room)
    if (found === 'end') return
    if (found === 'damaged') {
      if (!skip) return
      parts = []
      at += room
      continue
    }
    const { part, bytes } = found
    if (part === PART.full || part === PART.first) {
      start = at
      parts = [bytes]
    } else if (parts.length > 0) parts.push(bytes)
    at += CHUNK_HEADER + bytes.length
    if ((part === PART.full || part === PART.last) && parts.length > 0) {
      yield { bytes: Buffer.concat(parts), start, end: at }
      parts = []
    }
  }
}

function readChunk(fd: number, at: number, room: number) {
  const header = readAt(fd, at, CHUNK_HEADER)
  if (header.length < CHUNK_HEADER) return 'end'
  const part = header.readUInt8(6)
  const length = header.readUInt16LE(4)
  if (part < PART.full || part > PART.last || length > room - CHUNK_HEADER) return 'damaged'
  const bytes = readAt(fd, at + CHUNK_HEADER, length)
  if (bytes.length < length) return 'end'
  return header.readUInt32LE(0) === chunkChecksum(part, bytes) ? { part, bytes } : 'damaged'
}

/** So many bytes, or as many as there are. */
function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, position + done)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}
