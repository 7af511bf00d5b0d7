import { UserError } from '../../errors.js'
import { storageOfDType, type DType } from '../dtype.js'
import type { TorchStorage } from '../storage.js'
import { TorchTensor } from '../tensor.js'
import { isOrderedDict, isTuple, PyFloat } from '../values.js'
import { ByteWriter } from '../byte-writer.js'
import { OP } from './opcodes.js'

/** Gives a storage of some type its key in the file. */
export type KeyOf = (storage: TorchStorage, dtype: DType | 'untyped') => string

/**
 * Pickles a value for `torch.load(.., weights_only=True)`: protocol 2, of whose operations that loader knows
 * only some, and only its allowed classes. An object that occurs twice is written once.
 * @param keyOf asked once for every storage of the value
 * @throws UserError saying where in the value something stands that cannot be written.
 */
export function pickle(value: unknown, keyOf: KeyOf): Uint8Array {
  const pickler = new Pickler(keyOf)
  pickler.out.u8(OP.PROTO).u8(2)
  pickler.save(value, [])
  return pickler.out.u8(OP.STOP).bytes()
}

/** More than anyone nests, fewer than the call stack holds. */
const DEPTH_LIMIT = 100

class Pickler {
  readonly out = new ByteWriter()
  readonly #memo = new Map<unknown, number>()
  readonly #open = new Set<unknown>()

  constructor(readonly keyOf: KeyOf) {}

  save(value: unknown, path: readonly unknown[]): void {
    const { out } = this
    if (value === null || value === undefined) out.u8(OP.NONE)
    else if (typeof value === 'boolean') out.u8(value ? OP.NEWTRUE : OP.NEWFALSE)
    else if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'bigint') this.#integer(value)
    else if (value instanceof PyFloat) out.u8(OP.BINFLOAT).doubleBE(value.value)
    else if (typeof value === 'string') this.#text(value)
    else if (typeof value === 'object') this.#object(value, path)
    else throw refuse(path, `a ${typeof value}`)
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) this.out.u8(OP.BINFLOAT).doubleBE(value)
    else if (value >= 0 && value < 2 ** 8) this.out.u8(OP.BININT1).u8(value)
    else if (value >= 0 && value < 2 ** 16) this.out.u8(OP.BININT2).u16(value)
    else if (value >= -(2 ** 31) && value < 2 ** 31) this.out.u8(OP.BININT).i32(value)
    else this.#integer(BigInt(value))
  }

  /** Two's complement, little-endian, in as many bytes as needed. */
  #integer(value: bigint): void {
    let length = 1
    while (BigInt.asIntN(8 * length, value) !== value) length++
    if (length > 255)
      throw new UserError(`a whole number of ${length} bytes cannot be written; the limit is 255`)
    this.out.u8(OP.LONG1).u8(length)
    for (let i = 0; i < length; i++) this.out.u8(Number((value >> BigInt(8 * i)) & 0xffn))
  }

  #text(text: string): void {
    this.#once(text, () => {
      const bytes = Buffer.from(text, 'utf8')
      this.out.u8(OP.BINUNICODE).u32(bytes.length).raw(bytes)
    })
  }

  /** Writes an object, or where it stands in the memo if it was written before. */
  #once(object: unknown, write: () => void): void {
    const known = this.#memo.get(object)
    if (known !== undefined) {
      if (known < 256) this.out.u8(OP.BINGET).u8(known)
      else this.out.u8(OP.LONG_BINGET).u32(known)
      return
    }
    write()
    const key = this.#memo.size
    this.#memo.set(object, key)
    if (key < 256) this.out.u8(OP.BINPUT).u8(key)
    else this.out.u8(OP.LONG_BINPUT).u32(key)
  }

  #object(object: object, path: readonly unknown[]): void {
    if (this.#open.has(object)) throw refuse(path, 'a collection that contains itself')
    if (path.length > DEPTH_LIMIT) throw refuse(path.slice(0, 4), 'a collection too deep in others')
    this.#open.add(object)
    this.#once(object, () => {
      if (object instanceof TorchTensor) this.#tensor(object)
      else if (Array.isArray(object)) this.#array(object as unknown[], path)
      else if (object instanceof Map) this.#dict(object as Map<unknown, unknown>, isOrderedDict(object), path)
      else if (object instanceof Set) this.#set([...(object as Set<unknown>)], path)
      else if (object instanceof Uint8Array) this.#bytes(object)
      else if (isRecord(object)) this.#dict(Object.entries(object), isOrderedDict(object), path)
      else throw refuse(path, `a ${object.constructor.name}`)
    })
    this.#open.delete(object)
  }

  #array(items: readonly unknown[], path: readonly unknown[]): void {
    const saveAll = () => items.forEach((item, i) => this.save(item, [...path, i]))
    if (isTuple(items)) this.#tuple(items.length, saveAll)
    else {
      this.out.u8(OP.EMPTY_LIST)
      if (items.length > 0) this.#marked(OP.APPENDS, saveAll)
    }
  }

  #tuple(length: number, saveAll: () => void): void {
    if (length === 0) this.out.u8(OP.EMPTY_TUPLE)
    else if (length > 3) this.#marked(OP.TUPLE, saveAll)
    else {
      saveAll()
      this.out.u8(OP.TUPLE1 + length - 1)
    }
  }

  #marked(op: number, saveAll: () => void): void {
    this.out.u8(OP.MARK)
    saveAll()
    this.out.u8(op)
  }

  #dict(entries: Iterable<readonly [unknown, unknown]>, ordered: boolean, path: readonly unknown[]): void {
    if (ordered) this.#call('collections', 'OrderedDict', 0, () => undefined)
    else this.out.u8(OP.EMPTY_DICT)
    const list = [...entries]
    if (list.length > 0)
      this.#marked(OP.SETITEMS, () => {
        for (const [key, value] of list) {
          this.save(key, [...path, 'a key'])
          this.save(value, [...path, key])
        }
      })
  }

  #set(items: readonly unknown[], path: readonly unknown[]): void {
    this.#call('__builtin__', 'set', 1, () => this.#array(items, path))
  }

  /** Protocol 2 has no bytes: they are text of which every character is a byte. */
  #bytes(bytes: Uint8Array): void {
    this.#call('_codecs', 'encode', 2, () => {
      this.#text(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'))
      this.#text('latin1')
    })
  }

  #tensor(tensor: TorchTensor): void {
    const typed = storageOfDType(tensor.dtype)
    this.#call('torch._utils', typed ? '_rebuild_tensor_v2' : '_rebuild_tensor_v3', typed ? 6 : 7, () => {
      this.#storage(tensor)
      this.#number(tensor.offset)
      for (const sizes of [tensor.shape, tensor.stride])
        this.#tuple(sizes.length, () => sizes.forEach((size) => this.#number(size)))
      this.save(tensor.requiresGrad, [])
      this.#call('collections', 'OrderedDict', 0, () => undefined)
      if (!typed) this.#global('torch', tensor.dtype)
    })
  }

  /** A storage is a persistent id: `('storage', class, key, device, elements)`. */
  #storage({ storage, dtype, elementBytes }: TorchTensor): void {
    const typed = storageOfDType(dtype)
    const key = this.keyOf(storage, typed ? dtype : 'untyped')
    this.#tuple(5, () => {
      this.#text('storage')
      if (typed) this.#global('torch', typed)
      else this.#global('torch.storage', 'UntypedStorage')
      this.#text(key)
      this.#text('cpu')
      this.#number(typed ? Math.floor(storage.byteLength / elementBytes) : storage.byteLength)
    })
    this.out.u8(OP.BINPERSID)
  }

  #call(module: string, name: string, count: number, saveArguments: () => void): void {
    this.#global(module, name)
    this.#tuple(count, saveArguments)
    this.out.u8(OP.REDUCE)
  }

  #global(module: string, name: string): void {
    const line = `${module}\n${name}\n`
    // No text can be taken for this key: a symbol stands for the class.
    this.#once(Symbol.for(`torch-file global ${line}`), () => {
      this.out.u8(OP.GLOBAL).raw(Buffer.from(line))
    })
  }
}

function isRecord(object: object): object is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(object)
  return prototype === null || prototype === Object.prototype
}

function refuse(path: readonly unknown[], what: string): UserError {
  const at = path.length ? ` at ${path.map(String).join('.')}` : ''
  return new UserError(
    `${what}${at} cannot be written to a PyTorch file; give plain values, tensor(..), Map, Set or arrays`,
  )
}
