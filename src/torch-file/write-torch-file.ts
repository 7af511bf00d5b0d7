import { expectText } from '../expect.js'
import { writeFileAtomic } from '../files/write-file.js'
import type { DType } from './dtype.js'
import { DTYPES } from './dtype.js'
import { pickle } from './pickle/pickler.js'
import type { TorchStorage } from './storage.js'
import type { TorchInput } from './values.js'
import { ZipWriter } from './zip-writer.js'

/** Bytes of a storage that are in memory at a time. */
const PIECE = 4 * 2 ** 20

/**
 * Writes a file that `torch.load(path, weights_only=True)` reads. The file appears whole or not at all. What
 * checkpoints hold loads in PyTorch 1.13 and later; sets, bytes and wide unsigned integers only in recent ones.
 *
 * Records, Maps, arrays, tuples, numbers, text and tensors become what they were read from: see `TorchInput`.
 * Whole numbers are written as `int`, others as `float`; `PyFloat` makes a whole number a `float`. Tensors that
 * share a storage share it in the file, and a view of a part of a storage writes the whole storage, as in PyTorch.
 * Storages are copied piece by piece, so a file may be rewritten to its own path.
 * @throws UserError if a value cannot be written, saying where it stands, or if the disk does not take the file.
 */
export function writeTorchFile(path: string, value: TorchInput): void {
  expectText('writeTorchFile takes the path of a file', path)
  const storages = new StorageKeys()
  const content = pickle(value, (storage, dtype) => storages.keyOf(storage, dtype))
  writeFileAtomic(path, (fd) => {
    const zip = new ZipWriter(fd)
    const add = (name: string, bytes: Uint8Array) =>
      zip.add(`${ROOT}/${name}`, bytes.length, (write) => write(bytes))
    // PyTorch takes the folder of the first record for the folder of all.
    add('data.pkl', content)
    add('byteorder', Buffer.from('little'))
    for (const { storage, byteLength, key } of storages.list)
      zip.add(`${ROOT}/data/${key}`, byteLength, (write) => copyStorage(storage, byteLength, write))
    add('version', Buffer.from('3\n'))
    zip.finish()
  })
}

const ROOT = 'archive'

interface Keyed {
  readonly storage: TorchStorage
  readonly byteLength: number
  readonly key: string
}

/** Numbers storages in order of their first use, one number for each type they are used as. */
class StorageKeys {
  readonly list: Keyed[] = []
  readonly #known = new Map<TorchStorage, Map<string, Keyed>>()

  keyOf(storage: TorchStorage, dtype: DType | 'untyped'): string {
    const byType = this.#known.get(storage) ?? new Map<string, Keyed>()
    this.#known.set(storage, byType)
    const known = byType.get(dtype)
    if (known) return known.key
    const bytes = dtype === 'untyped' ? 1 : DTYPES[dtype].bytes
    const byteLength = storage.byteLength - (storage.byteLength % bytes)
    const keyed = { storage, byteLength, key: String(this.list.length) }
    byType.set(dtype, keyed)
    this.list.push(keyed)
    return keyed.key
  }
}

function copyStorage(storage: TorchStorage, byteLength: number, write: (bytes: Uint8Array) => void): void {
  const piece = Buffer.allocUnsafe(Math.min(PIECE, byteLength))
  for (let offset = 0; offset < byteLength; offset += piece.length) {
    const part = piece.subarray(0, Math.min(piece.length, byteLength - offset))
    storage.read(part, offset)
    write(part)
  }
}
