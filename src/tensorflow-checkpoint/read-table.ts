import { UserError } from '../errors.js'
import type { FileSource } from '../torch-file/file-source.js'
import { maskedCrc32c } from './crc32c.js'
import { Wire, WireError } from '../protobuf/wire.js'

/** The last eight bytes of a leveldb table. */
export const TABLE_MAGIC = Buffer.from('57fb808b247547db', 'hex')

const FOOTER_BYTES = 48
/** Behind each block: its compression and its checksum. */
const TRAILER_BYTES = 5
/** A checkpoint of a thousand tensors has about 100 kB of them. */
const TABLE_LIMIT = 2 ** 26

/**
 * Reads a leveldb table (table_format.md of leveldb): sorted keys with values, in blocks in which a key is
 * stored as what differs from the key before it.
 * @throws UserError naming the file if it is no such table, damaged or compressed.
 */
export function readTable(source: FileSource): Map<string, Uint8Array> {
  try {
    if (source.size > TABLE_LIMIT) throw new WireError(`the limit is ${TABLE_LIMIT} bytes`)
    if (source.size < FOOTER_BYTES) throw new WireError('it is too short')
    const file = source.bytes(0, source.size)
    if (!file.subarray(-8).equals(TABLE_MAGIC)) throw new WireError('its end is not that of a table')
    const footer = new Wire(file.subarray(-FOOTER_BYTES))
    readHandle(footer)
    const entries = new Map<string, Uint8Array>()
    for (const [, handle] of blockEntries(readBlock(file, readHandle(footer))))
      for (const [key, value] of blockEntries(readBlock(file, readHandle(new Wire(handle)))))
        entries.set(key, value)
    return entries
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new UserError(`${source.path}: not the index of a TensorFlow checkpoint: ${error.message}`, {
      cause: error,
    })
  }
}

interface Handle {
  readonly offset: number
  readonly size: number
}

const readHandle = (wire: Wire): Handle => ({ offset: wire.varint(), size: wire.varint() })

function readBlock(file: Buffer, { offset, size }: Handle): Uint8Array {
  const end = offset + size
  if (!(end + TRAILER_BYTES <= file.length))
    throw new WireError(`a block of ${size} bytes at byte ${offset} is not there`)
  if (file[end] !== 0) throw new WireError('it is compressed')
  if (maskedCrc32c(file.subarray(offset, end + 1)) !== file.readUInt32LE(end + 1))
    throw new WireError(`the block at byte ${offset} is damaged`)
  return file.subarray(offset, end)
}

/** A block ends with the places where keys are stored whole, and their number; reading it in order needs none. */
function* blockEntries(block: Uint8Array): Generator<readonly [string, Uint8Array]> {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength)
  const restarts = block.length >= 4 ? view.getUint32(block.length - 4, true) : 0
  const wire = new Wire(block.subarray(0, Math.max(0, block.length - 4 * (restarts + 1))))
  let key = Buffer.alloc(0)
  while (!wire.done) {
    const [shared, added, length] = [wire.varint(), wire.varint(), wire.varint()]
    if (shared > key.length) throw new WireError('a key shares more than there is')
    key = Buffer.concat([key.subarray(0, shared), wire.take(added)])
    yield [key.toString('utf8'), wire.take(length)]
  }
}
