import { UserError } from '../errors.js'
import { ByteReader } from './byte-reader.js'
import { DTYPES } from './dtype.js'
import type { FileSource } from './file-source.js'
import { PyDict } from './pickle/objects.js'
import { toValue } from './pickle/to-value.js'
import { unpickle } from './pickle/unpickle.js'
import { quote } from './quote.js'
import { StorageTable } from './storage-table.js'
import type { TorchValue } from './values.js'

/** What the first pickle of the file holds. */
const MAGIC = 0x1950a86a20f9469cfc6cn
const PROTOCOL = 1001

/**
 * Reads a file of PyTorch before 1.6: five pickles (magic number, version, machine, content, keys of the
 * storages) and then each storage, its element count before it. Only pickles and counts are read.
 */
export function readLegacyFormat(source: FileSource): TorchValue {
  const reader = new ByteReader(source, source.path, 0, source.size)
  const table = new StorageTable(source, (key) => `storage ${key}`)
  const plain = () => unpickle(reader, noStorage(source))
  if (plain() !== MAGIC)
    throw new UserError(`${source.path}: a PyTorch file was expected, this is another pickle`)
  const version = plain()
  if (version !== PROTOCOL)
    throw new UserError(`${source.path}: version ${String(version)} of the format, only ${PROTOCOL} is known`)
  checkMachine(source, plain())
  const object = unpickle(reader, (id) => table.load(id))
  placeStorages(source, table, plain(), reader.position)
  return toValue(source.path, object)
}

function noStorage(source: FileSource) {
  return () => {
    throw new UserError(`${source.path}: a storage where none can be`)
  }
}

function checkMachine(source: FileSource, machine: unknown): void {
  if (!(machine instanceof PyDict && machine.entries.get('little_endian') === true))
    throw new UserError(`${source.path}: it was written by a big-endian machine, which cannot be read`)
}

function placeStorages(source: FileSource, table: StorageTable, keys: unknown, start: number): void {
  if (!Array.isArray(keys)) throw new UserError(`${source.path}: the list of its storages is missing`)
  let position = start
  for (const key of keys as unknown[]) {
    const entry = typeof key === 'string' ? table.get(key) : undefined
    if (!entry || entry.storage.placed)
      throw new UserError(`${source.path}: storage ${quote(String(key))} was not expected`)
    const { storage } = entry
    const elements = Number(source.bytes(position, 8).readBigInt64LE())
    const bytes = elements * (entry.dtype === 'untyped' ? 1 : DTYPES[entry.dtype].bytes)
    if (bytes !== storage.byteLength)
      throw new UserError(`${storage.where}: it has ${bytes} bytes, ${storage.byteLength} were expected`)
    const data = position + 8
    position = data + bytes
    if (position > source.size)
      throw new UserError(
        `${storage.where}: it ends at byte ${position}, the file has ${source.size}; it is truncated`,
      )
    storage.place(() => data)
  }
  for (const [, { storage }] of table)
    if (!storage.placed) throw new UserError(`${storage.where}: the file does not hold this storage`)
}
