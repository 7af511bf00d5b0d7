import { UserError } from '../errors.js'
import { ByteReader } from './byte-reader.js'
import { checkPart } from './checksum.js'
import type { FileSource } from './file-source.js'
import { toValue } from './pickle/to-value.js'
import { unpickle } from './pickle/unpickle.js'
import { quote } from './quote.js'
import { StorageTable } from './storage-table.js'
import type { TorchValue } from './values.js'
import { contentOffset, readZipDirectory, type ZipEntry } from './zip-directory.js'

/**
 * Reads a file of PyTorch 1.6 and later: a zip of `NAME/data.pkl`, one record `NAME/data/KEY` per storage,
 * and a few small ones. Only the directory and the pickle are read, and the pickle is compared with its
 * checksum.
 */
export function readZipFormat(source: FileSource): TorchValue {
  const entries = readZipDirectory(source)
  const root = entries.keys().next().value?.split('/')[0] ?? ''
  const pickle = entries.get(`${root}/data.pkl`)
  if (!pickle)
    throw new UserError(
      `${source.path}: a PyTorch file was expected, this zip file has no ${quote(`${root}/data.pkl`)}`,
    )
  checkByteOrder(source, entries.get(`${root}/byteorder`))

  const table = new StorageTable(source, (key) => `${root}/data/${key}`)
  const start = contentOffset(source, pickle)
  const where = `${source.path}: ${quote(pickle.name)}`
  checkPart(where, pickle.crc, source, start, pickle.size)
  const object = unpickle(new ByteReader(source, where, start, start + pickle.size), (id) => table.load(id))
  for (const [key, { storage }] of table) {
    const entry = entries.get(table.nameOf(key))
    if (!entry) throw new UserError(`${storage.where}: the file does not hold this record`)
    if (entry.size < storage.byteLength)
      throw new UserError(
        `${storage.where}: it has ${entry.size} bytes, its tensors need ${storage.byteLength}`,
      )
    storage.place(
      () => contentOffset(source, entry),
      entry.size === storage.byteLength ? entry.crc : undefined,
    )
  }
  return toValue(where, object)
}

function checkByteOrder(source: FileSource, entry: ZipEntry | undefined): void {
  if (!entry) return
  const order = source.bytes(contentOffset(source, entry), Math.min(entry.size, 16)).toString('latin1')
  if (order !== 'little')
    throw new UserError(`${source.path}: its byte order is ${quote(order)}, only "little" can be read`)
}
