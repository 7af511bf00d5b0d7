import { UserError } from '../errors.js'
import type { FileSource } from './file-source.js'
import { quote } from './quote.js'

/** One record of a zip file. */
export interface ZipEntry {
  readonly name: string
  /** Bytes of its content. */
  readonly size: number
  /** CRC-32 of its content; 0 may also mean that none was computed. */
  readonly crc: number
  /** Where its local header begins. */
  readonly headerOffset: number
  /** How it is compressed; 0: not at all. */
  readonly method: number
}

/**
 * Reads the directory at the end of a zip file, in its own order; zip64 too. No record is read.
 * @throws UserError naming the file if the directory is damaged or a record is encrypted.
 */
export function readZipDirectory(source: FileSource): Map<string, ZipEntry> {
  const { offset, size, count } = findDirectory(source)
  if (size > DIRECTORY_LIMIT)
    throw damaged(source, `its directory has ${size} bytes, the limit is ${DIRECTORY_LIMIT}`)
  const bytes = source.bytes(offset, size)
  const entries = new Map<string, ZipEntry>()
  for (let position = 0; entries.size < count;) {
    if (position + 46 > size || bytes.readUInt32LE(position) !== DIRECTORY_SIGNATURE)
      throw damaged(source, `its directory ends after ${entries.size} of ${count} records`)
    const nameLength = bytes.readUInt16LE(position + 28)
    const extraLength = bytes.readUInt16LE(position + 30)
    const end = position + 46 + nameLength + extraLength + bytes.readUInt16LE(position + 32)
    if (end > size) throw damaged(source, `its directory ends inside record ${entries.size}`)
    const entry = readEntry(source, bytes.subarray(position, end), nameLength, extraLength)
    if (entries.has(entry.name)) throw damaged(source, `it holds ${quote(entry.name)} twice`)
    entries.set(entry.name, entry)
    position = end
  }
  return entries
}

/**
 * Where a record's content begins: its local header says how long it is itself.
 * @throws UserError if the header is not there, or the record is compressed: of PyTorch's records only
 *   TorchScript's code is, which nobody reads here.
 */
export function contentOffset(source: FileSource, entry: ZipEntry): number {
  if (entry.method !== 0)
    throw new UserError(
      `${source.path}: ${quote(entry.name)} is compressed (method ${entry.method}), stored records (method 0) were expected; save it with torch.save, not with a zip program`,
    )
  const header = source.bytes(entry.headerOffset, 30)
  if (header.readUInt32LE(0) !== HEADER_SIGNATURE)
    throw damaged(source, `the header of ${quote(entry.name)} is not at byte ${entry.headerOffset}`)
  return entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28)
}

const HEADER_SIGNATURE = 0x04034b50
const DIRECTORY_SIGNATURE = 0x02014b50
const END_SIGNATURE = 0x06054b50
const END64_SIGNATURE = 0x06064b50
const LOCATOR64_SIGNATURE = 0x07064b50
const ZIP64_EXTRA = 1
/** A value of 32 bits that says: see the zip64 field. */
const SEE_ZIP64 = 0xffffffff
/** Room for a million records; a checkpoint has about a thousand. */
const DIRECTORY_LIMIT = 2 ** 27

function findDirectory(source: FileSource) {
  // The end record has 22 bytes and a comment of at most 65535; the zip64 locator of 20 stands before it.
  const tailLength = Math.min(source.size, 22 + 0xffff + 20)
  const tail = source.bytes(source.size - tailLength, tailLength)
  let end = tailLength - 22
  while (end >= 0 && !(tail.readUInt32LE(end) === END_SIGNATURE && endsFile(tail, end))) end--
  if (end < 0) throw damaged(source, 'the end of its directory is missing: it is truncated')
  const place = {
    count: tail.readUInt16LE(end + 10),
    size: tail.readUInt32LE(end + 12),
    offset: tail.readUInt32LE(end + 16),
  }
  const marked = place.count === 0xffff || place.size === SEE_ZIP64 || place.offset === SEE_ZIP64
  const located = end >= 20 && tail.readUInt32LE(end - 20) === LOCATOR64_SIGNATURE
  if (!marked || !located) return place
  const end64 = source.bytes(Number(tail.readBigUInt64LE(end - 12)), 56)
  if (end64.readUInt32LE(0) !== END64_SIGNATURE) throw damaged(source, 'its zip64 record is missing')
  return {
    count: Number(end64.readBigUInt64LE(32)),
    size: Number(end64.readBigUInt64LE(40)),
    offset: Number(end64.readBigUInt64LE(48)),
  }
}

function endsFile(tail: Buffer, end: number): boolean {
  return end + 22 + tail.readUInt16LE(end + 20) === tail.length
}

function readEntry(source: FileSource, record: Buffer, nameLength: number, extraLength: number): ZipEntry {
  const name = record.toString('utf8', 46, 46 + nameLength)
  const flags = record.readUInt16LE(8)
  const method = record.readUInt16LE(10)
  if (flags & 1) throw damaged(source, `${quote(name)} is encrypted`)
  // Values that do not fit 32 bits stand in the zip64 field, in this order.
  const wide = wideValues(record.subarray(46 + nameLength, 46 + nameLength + extraLength))
  const widen = (value: number) => (value === SEE_ZIP64 ? (wide.next().value ?? value) : value)
  const size = widen(record.readUInt32LE(24))
  const stored = widen(record.readUInt32LE(20))
  const headerOffset = widen(record.readUInt32LE(42))
  if (method === 0 && stored !== size)
    throw damaged(source, `${quote(name)} has two sizes, ${size} and ${stored}`)
  if (headerOffset + 30 + stored > source.size)
    throw damaged(
      source,
      `${quote(name)} has ${stored} bytes at byte ${headerOffset}, the file has ${source.size}`,
    )
  return { name, size, crc: record.readUInt32LE(16), headerOffset, method }
}

function* wideValues(extra: Buffer): Generator<number, undefined> {
  for (let position = 0; position + 4 <= extra.length;) {
    const length = extra.readUInt16LE(position + 2)
    const field = extra.subarray(position + 4, position + 4 + length)
    if (extra.readUInt16LE(position) === ZIP64_EXTRA)
      for (let i = 0; i + 8 <= field.length; i += 8) yield Number(field.readBigUInt64LE(i))
    position += 4 + length
  }
  return undefined
}

function damaged(source: FileSource, what: string): UserError {
  return new UserError(`${source.path}: a damaged zip file: ${what}`)
}
