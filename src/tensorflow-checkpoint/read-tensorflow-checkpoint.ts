import { elementCount } from '../element-count.js'
import { UserError } from '../errors.js'
import { Message } from '../protobuf/message.js'
import { WireError } from '../protobuf/wire.js'
import { FileSource } from '../torch-file/file-source.js'
import { maskedCrc32c } from './crc32c.js'
import { readTable } from './read-table.js'

/** A tensor in a checkpoint; nothing is read before it is asked for. */
export interface CheckpointTensor {
  readonly shape: readonly number[]
  readonly dtype: string
  /**
   * All elements in C order as float32; others are rounded.
   * @throws UserError naming the file if they cannot be read or are damaged.
   */
  toFloat32(): Float32Array
}

/**
 * Reads the tensors of a TensorFlow checkpoint (tensor_bundle.proto): an index, and beside it the files of
 * values, `.data-00000-of-00001` and so on.
 * @param index the file that ends in `.index`
 * @throws UserError naming the file if it is no such index, damaged, or of a kind that is not read.
 */
export function readTensorflowCheckpoint(index: string): Map<string, CheckpointTensor> {
  const source = new FileSource(index)
  const table = readTable(source)
  const base = index.replace(/\.index$/, '')
  try {
    const header = new Message(table.get('') ?? new Uint8Array())
    const shards = header.number(1)
    if (header.number(2) !== 0) throw new WireError('its numbers are big-endian')
    const open = shardOpener(base, shards)
    const tensors = new Map<string, CheckpointTensor>()
    for (const [name, value] of table) if (name !== '') tensors.set(name, entryOf(name, value, open))
    return tensors
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new UserError(`${index}: a TensorFlow checkpoint that cannot be read: ${error.message}`, {
      cause: error,
    })
  }
}

/** DataType of TensorFlow's types.proto, as far as numbers go. */
const TYPES: Readonly<Record<number, { name: string; array: (bytes: ArrayBuffer) => ArrayLike<number> }>> = {
  1: { name: 'float32', array: (bytes) => new Float32Array(bytes) },
  2: { name: 'float64', array: (bytes) => new Float64Array(bytes) },
  3: { name: 'int32', array: (bytes) => new Int32Array(bytes) },
  9: { name: 'int64', array: (bytes) => Float64Array.from(new BigInt64Array(bytes), Number) },
}

function shardOpener(base: string, shards: number): (shard: number) => FileSource {
  const digits = (n: number) => String(n).padStart(5, '0')
  return (shard) => new FileSource(`${base}.data-${digits(shard)}-of-${digits(shards)}`)
}

/** BundleEntryProto. */
function entryOf(name: string, value: Uint8Array, open: (shard: number) => FileSource): CheckpointTensor {
  const fields = new Message(value)
  if (fields.has(7)) throw new WireError(`${JSON.stringify(name)} is stored in slices`)
  // TensorShapeProto, a message for each dimension.
  const shape = fields
    .messages(2)
    .flatMap((message) => message.messages(2).map((dimension) => dimension.number(1)))
  const [shard, offset, size, checksum] = [3, 4, 5, 6].map((field) => fields.number(field))
  const type = TYPES[fields.number(1)]
  return {
    shape,
    dtype: type?.name ?? 'another type',
    toFloat32() {
      const source = open(shard ?? 0)
      if (!type) throw new UserError(`${source.path}: ${JSON.stringify(name)} does not hold numbers`)
      const bytes = source.bytes(offset ?? 0, size ?? 0)
      if (maskedCrc32c(bytes) !== checksum)
        throw new UserError(`${source.path}: the values of ${JSON.stringify(name)} are damaged`)
      const count = elementCount(shape)
      const elementBytes = { float32: 4, int32: 4 }[type.name] ?? 8
      if (bytes.length !== count * elementBytes)
        throw new UserError(
          `${source.path}: ${JSON.stringify(name)} has ${bytes.length} bytes, its shape [${shape.join(', ')}] takes ${count * elementBytes}`,
        )
      // A copy, as the bytes may not begin where their type needs it.
      const values = type.array(new Uint8Array(bytes).buffer)
      return values instanceof Float32Array ? values : Float32Array.from(values)
    },
  }
}
