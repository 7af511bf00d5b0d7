import { fstatSync } from 'node:fs'
import { UserError } from '../../errors.js'
import { openToRead } from '../../files/open-to-read.js'
import { readFully } from '../../files/read-fully.js'
import { maskedCrc32c } from '../../tensorflow-checkpoint/crc32c.js'

/** Before a record its length, 8 bytes, and the checksum of that, 4; after it the checksum of the record. */
const HEADER_BYTES = 12
const FOOTER_BYTES = 4
/** A video in PNGs takes megabytes; one `read` call takes less than 2 GiB. */
const LONGEST_RECORD = 2 ** 30

/** Where a record lies in its file. */
export interface RecordPlace {
  readonly file: string
  /** In the file, from 0. */
  readonly number: number
  /** Of its first byte. */
  readonly position: number
  readonly length: number
}

/**
 * Finds the records of a TFRecord file by their lengths, without reading them; the checksums of the lengths
 * are compared.
 * @throws UserError naming the file, and the record that is damaged or cut off.
 */
export function listRecords(file: string): RecordPlace[] {
  return openToRead(file, (fd) => {
    const { size } = fstatSync(fd)
    const places: RecordPlace[] = []
    for (let at = 0; at < size;) {
      const number = places.length
      const fault = (what: string) => new UserError(`${file} record ${number} (byte ${at}): ${what}`)
      if (size - at < HEADER_BYTES + FOOTER_BYTES) throw fault('the file ends within it')
      const header = read(file, fd, at, HEADER_BYTES)
      if (maskedCrc32c(header.subarray(0, 8)) !== header.readUInt32LE(8))
        throw fault('the checksum of its length is wrong: this is no TFRecord file, or a damaged one')
      const length = Number(header.readBigUInt64LE(0))
      if (length > LONGEST_RECORD) throw fault(`${length} bytes; the limit is ${LONGEST_RECORD}`)
      const end = at + HEADER_BYTES + length + FOOTER_BYTES
      if (end > size) throw fault(`it has ${length} bytes, and the file ends within it`)
      places.push({ file, number, position: at + HEADER_BYTES, length })
      at = end
    }
    return places
  })
}

/**
 * Reads one record, and compares it with its checksum.
 * @throws UserError naming the file and the record if they differ.
 */
export function readRecord({ file, number, position, length }: RecordPlace): Uint8Array {
  return openToRead(file, (fd) => {
    const bytes = read(file, fd, position, length + FOOTER_BYTES)
    const record = bytes.subarray(0, length)
    if (maskedCrc32c(record) === bytes.readUInt32LE(length)) return record
    throw new UserError(`${file} record ${number}: its checksum is wrong: the file is damaged, fetch it anew`)
  })
}

function read(file: string, fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  readFully(file, fd, bytes, position)
  return bytes
}
