import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/** A file is cut into blocks, as LevelDB's logs are, and no chunk lies in two of them. */
export const BLOCK = 32_768
/** Of a chunk: checksum (4 bytes), length (2), kind (1). */
export const CHUNK_HEADER = 7
/** `:W&B`, the number 0xBEE1, and version 0: seven bytes too. */
export const FILE_HEADER = Uint8Array.of(0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0)

/** The part of a record that a chunk holds. */
export const PART = { full: 1, first: 2, middle: 3, last: 4 } as const

/** Checksum of a chunk: CRC-32 as in zip files, of its kind and its bytes. Unlike in LevelDB it is not masked. */
export function chunkChecksum(part: number, bytes: Uint8Array): number {
  const ofPart = crc32(Uint8Array.of(part))
  // Of no bytes at all Node may make 0, whatever came before.
  return bytes.length === 0 ? ofPart : crc32(bytes, ofPart)
}

/** A `.wandb` file that is written to: the log of a run in W&B's own format. */
export interface TransactionLog {
  /** Where the next record goes. */
  readonly end: number
  /**
   * Writes records at the end, or from an earlier record on, whose place and that of all after it they take.
   * They are handed to the system in one piece: a killed process leaves all of them or none.
   * @param from start of a record
   * @returns where each record starts
   * @throws the system's error if the disk does not take them: what was there before is there again, if it lets us
   */
  write(records: readonly Uint8Array[], from?: number): readonly number[]
  close(): void
}

/**
 * Opens a `.wandb` file.
 * @param end where its last whole record ends, what follows goes; undefined for a file that is not there yet
 * @throws the system's error if it cannot be made or written.
 */
export function openTransactionLog(file: string, end?: number): TransactionLog {
  const fd = openSync(file, end === undefined ? 'wx+' : 'r+')
  let size = end ?? 0
  const writeAt = (bytes: Uint8Array, position: number) => {
    for (let done = 0; done < bytes.length;)
      done += writeSync(fd, bytes, done, bytes.length - done, position + done)
  }
  /** Their room is still the file's, unless the disk fails altogether. */
  const putBack = (bytes: Uint8Array, position: number) => {
    try {
      writeAt(bytes, position)
      ftruncateSync(fd, position + bytes.length)
    } catch {
      // The next records go there.
    }
  }
  if (end === undefined) {
    writeAt(FILE_HEADER, 0)
    size = FILE_HEADER.length
  } else ftruncateSync(fd, end)
  return {
    get end() {
      return size
    },
    write(records, from = size) {
      const chunks: Uint8Array[] = []
      const starts: number[] = []
      let at = from
      for (const record of records) {
        starts.push(at)
        const framed = framedRecord(record, at)
        chunks.push(framed)
        at += framed.length
      }
      const before = Buffer.alloc(size - from)
      const known = before.subarray(0, readSync(fd, before, 0, before.length, from))
      try {
        writeAt(Buffer.concat(chunks), from)
        if (at < size) ftruncateSync(fd, at)
      } catch (error) {
        putBack(known, from)
        throw error
      }
      size = at
      return starts
    },
    close: () => closeSync(fd),
  }
}

/** A record's chunks as they lie in a file from a position on, with the zeros before them if a block is full. */
function framedRecord(record: Uint8Array, position: number): Uint8Array {
  const room = BLOCK - (position % BLOCK)
  const padding = room < CHUNK_HEADER ? room : 0
  const chunks: Uint8Array[] = [new Uint8Array(padding)]
  let space = (padding > 0 ? BLOCK : room) - CHUNK_HEADER
  let rest = record
  if (rest.length <= space) chunks.push(chunk(PART.full, rest))
  else {
    chunks.push(chunk(PART.first, rest.subarray(0, space)))
    rest = rest.subarray(space)
    space = BLOCK - CHUNK_HEADER
    for (; rest.length > space; rest = rest.subarray(space))
      chunks.push(chunk(PART.middle, rest.subarray(0, space)))
    chunks.push(chunk(PART.last, rest))
  }
  return Buffer.concat(chunks)
}

function chunk(part: number, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(CHUNK_HEADER + bytes.length)
  const view = new DataView(whole.buffer)
  view.setUint32(0, chunkChecksum(part, bytes), true)
  view.setUint16(4, bytes.length, true)
  view.setUint8(6, part)
  whole.set(bytes, CHUNK_HEADER)
  return whole
}
