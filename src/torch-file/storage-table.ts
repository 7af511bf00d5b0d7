import { UserError } from '../errors.js'
import { DTYPES, type DType } from './dtype.js'
import type { FileSource } from './file-source.js'
import { PyStorage, PyStorageClass } from './pickle/objects.js'
import { quote } from './quote.js'
import { FileStorage } from './storage.js'

export interface NamedStorage {
  readonly storage: FileStorage
  readonly dtype: DType | 'untyped'
}

/**
 * The storages that a file's pickle names, by key. A storage's place in the file comes later: the legacy
 * format has it after the pickle.
 */
export class StorageTable {
  readonly #byKey = new Map<string, NamedStorage>()

  constructor(
    readonly source: FileSource,
    /** The name of a storage's record, for messages. */
    readonly nameOf: (key: string) => string,
  ) {}

  /**
   * What a persistent id stands for: `('storage', class, key, device, elements)`, in the legacy format with
   * a view of it, which PyTorch has not written since 0.4. Devices are passed over: `cuda:0` loads anywhere.
   * @throws UserError if it is something else, or one key has two sizes.
   */
  load(id: unknown): PyStorage {
    const where = this.source.path
    const [kind, storageClass, key, , elements, view] = Array.isArray(id) ? (id as unknown[]) : []
    if (kind === 'module')
      throw new UserError(`${where}: it holds a whole pickled module; save its state_dict instead`)
    if (kind !== 'storage' || !(storageClass instanceof PyStorageClass) || typeof key !== 'string')
      throw new UserError(`${where}: a storage without class or name`)
    const name = this.nameOf(key)
    if (typeof elements !== 'number' || !Number.isSafeInteger(elements) || elements < 0)
      throw new UserError(
        `${where}: ${quote(name)} has ${String(elements)} elements, a whole number was expected`,
      )
    if (view !== undefined && view !== null)
      throw new UserError(
        `${where}: ${quote(name)} is a view of another storage, as only PyTorch before 0.4 wrote`,
      )
    const { dtype } = storageClass
    const byteLength = elements * (dtype === 'untyped' ? 1 : DTYPES[dtype].bytes)
    const known = this.#byKey.get(key)
    if (known) {
      if (known.storage.byteLength === byteLength) return new PyStorage(known.storage, dtype)
      throw new UserError(
        `${where}: ${quote(name)} has ${byteLength} bytes in one place and ${known.storage.byteLength} in another`,
      )
    }
    if (byteLength > this.source.size)
      throw new UserError(
        `${where}: ${quote(name)} is to have ${byteLength} bytes, the whole file has ${this.source.size}`,
      )
    const storage = new FileStorage(this.source, `${where}: ${quote(name)}`, byteLength)
    this.#byKey.set(key, { storage, dtype })
    return new PyStorage(storage, dtype)
  }

  get(key: string): NamedStorage | undefined {
    return this.#byKey.get(key)
  }

  [Symbol.iterator]() {
    return this.#byKey.entries()
  }
}
