import { crc32 } from 'node:zlib'
import { UserError } from '../errors.js'
import type { FileSource } from './file-source.js'

/** Bytes read or summed at a time; zlib counts them in 32 bits. */
const PIECE = 2 ** 24

/**
 * Compares content with the CRC-32 that the directory has of it. PyTorch can be told to compute none
 * (`set_crc32_options(False)`) and then writes 0, with which nothing is compared.
 * @param where the file and the record in it, for the message
 * @throws UserError if the content is not what was written.
 */
export function checkBytes(where: string, expected: number, bytes: Uint8Array): void {
  compare(where, expected, (sum) => {
    for (let at = 0; at < bytes.length; at += PIECE) sum(bytes.subarray(at, at + PIECE))
  })
}

/** As `checkBytes`, for a part of a file that is not in memory. */
export function checkPart(
  where: string,
  expected: number,
  source: FileSource,
  start: number,
  length: number,
): void {
  compare(where, expected, (sum) => {
    for (let at = 0; at < length; at += PIECE) sum(source.bytes(start + at, Math.min(PIECE, length - at)))
  })
}

function compare(where: string, expected: number, feed: (sum: (piece: Uint8Array) => void) => void): void {
  if (expected === 0) return
  let crc = 0
  feed((piece) => (crc = crc32(piece, crc)))
  if (crc !== expected)
    throw new UserError(
      `${where}: the file is damaged: its content has the checksum ${hex(crc)}, written with ${hex(expected)}; ` +
        `copy or fetch it again`,
    )
}

const hex = (crc: number) => crc.toString(16).padStart(8, '0')
