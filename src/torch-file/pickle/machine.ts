import type { ByteReader } from '../byte-reader.js'
import { quote } from '../quote.js'
import { isTuple, tuple } from '../values.js'
import { lookUpGlobal } from './globals.js'
import { narrow, setArrayState, setNumpyState } from './numpy.js'
import { NumpyArray, NumpyDType, PickleError, PyDict, PyGlobal } from './objects.js'
import { OP } from './opcodes.js'

export type PersistentLoad = (id: unknown) => unknown

/** Each object costs some hundred bytes of memory while it may cost only one in the file. */
const OBJECT_LIMIT = 2 ** 20
/** A call may copy what it is given, and be given the same again and again; real files call once per object. */
const COPY_FACTOR = 16
const NAME_LIMIT = 256
/** Digits of a whole number, in bytes. */
const INTEGER_LIMIT = 1024

/** Python's pickle machine: a stack, a memo, and one operation per byte; see Lib/pickletools.py of CPython. */
export class PickleMachine {
  #stack: unknown[] = []
  /** How long the stack was at each mark. */
  readonly #marks: number[] = []
  readonly #memo = new Map<number, unknown>()
  readonly #start: number
  #objects = 0
  #copied = 0

  constructor(
    readonly reader: ByteReader,
    readonly load: PersistentLoad,
  ) {
    this.#start = reader.position
  }

  /** What the pickle stands for, after its last step. */
  result(): unknown {
    return this.#pop()
  }

  /** Does one operation; false after the last. */
  step(): boolean {
    const op = this.reader.u8()
    if (op === OP.STOP) return false
    const done = this.#literal(op) || this.#collection(op) || this.#object(op)
    if (!done) throw new PickleError(`operation 0x${op.toString(16).padStart(2, '0')} is not known`)
    return true
  }

  /** Numbers, text and bytes. */
  #literal(op: number): boolean {
    const { reader } = this
    switch (op) {
      case OP.NONE:
        return this.#push(null)
      case OP.NEWTRUE:
        return this.#push(true)
      case OP.NEWFALSE:
        return this.#push(false)
      case OP.BININT:
        return this.#push(reader.i32())
      case OP.BININT1:
        return this.#push(reader.u8())
      case OP.BININT2:
        return this.#push(reader.u16())
      case OP.LONG1:
        return this.#push(this.#integer(reader.u8()))
      case OP.LONG4:
        return this.#push(this.#integer(reader.u32()))
      case OP.BINFLOAT:
        return this.#push(reader.doubleBE())
      case OP.BINUNICODE:
        return this.#push(reader.text(reader.u32()))
      case OP.SHORT_BINUNICODE:
      case OP.SHORT_BINSTRING: // Python 2's text
        return this.#push(reader.text(reader.u8()))
      case OP.BINUNICODE8:
        return this.#push(reader.text(reader.u64()))
      case OP.BINSTRING:
        return this.#push(reader.text(reader.u32()))
      case OP.SHORT_BINBYTES:
        return this.#pushNew(new Uint8Array(reader.bytes(reader.u8())))
      case OP.BINBYTES:
        return this.#pushNew(new Uint8Array(reader.bytes(reader.u32())))
      case OP.BINBYTES8:
      case OP.BYTEARRAY8:
        return this.#pushNew(new Uint8Array(reader.bytes(reader.u64())))
      default:
        return false
    }
  }

  /** Lists, tuples, dicts and sets. */
  #collection(op: number): boolean {
    switch (op) {
      case OP.MARK:
        this.#marks.push(this.#stack.length)
        return true
      case OP.EMPTY_TUPLE:
        return this.#pushNew(tuple([]))
      case OP.TUPLE1:
      case OP.TUPLE2:
      case OP.TUPLE3:
        return this.#pushNew(tuple(this.#take(op - OP.TUPLE1 + 1)))
      case OP.TUPLE:
        return this.#pushNew(tuple(this.#takeMarked()))
      case OP.EMPTY_LIST:
        return this.#pushNew([])
      case OP.APPEND:
        return this.#append(this.#take(1))
      case OP.APPENDS:
        return this.#append(this.#takeMarked())
      case OP.EMPTY_DICT:
        return this.#pushNew(new PyDict('dict'))
      case OP.SETITEM:
        return this.#setItems(this.#take(2))
      case OP.SETITEMS:
        return this.#setItems(this.#takeMarked())
      case OP.EMPTY_SET:
        return this.#pushNew(new Set())
      case OP.ADDITEMS:
        return this.#addItems(this.#takeMarked())
      case OP.FROZENSET:
        return this.#pushNew(new Set(this.#takeMarked()))
      default:
        return false
    }
  }

  /** The memo, named classes, and calls. */
  #object(op: number): boolean {
    const { reader } = this
    switch (op) {
      case OP.PROTO:
        return this.#checkProtocol(reader.u8())
      case OP.FRAME:
        reader.u64()
        return true
      case OP.POP:
        this.#pop()
        return true
      case OP.POP_MARK:
        this.#takeMarked()
        return true
      case OP.DUP:
        return this.#push(this.#top())
      case OP.BINPUT:
        return this.#remember(reader.u8())
      case OP.LONG_BINPUT:
        return this.#remember(reader.u32())
      case OP.MEMOIZE:
        return this.#remember(this.#memo.size)
      case OP.BINGET:
        return this.#recall(reader.u8())
      case OP.LONG_BINGET:
        return this.#recall(reader.u32())
      case OP.GLOBAL:
        return this.#global(reader.line(NAME_LIMIT), reader.line(NAME_LIMIT))
      case OP.STACK_GLOBAL:
        return this.#global(...this.#take(2))
      case OP.REDUCE:
      case OP.NEWOBJ:
        return this.#call(...this.#take(2))
      case OP.BUILD:
        return this.#build(this.#pop())
      case OP.BINPERSID:
        return this.#pushNew(this.load(this.#pop()))
      default:
        return false
    }
  }

  #push(value: unknown): true {
    this.#stack.push(value)
    return true
  }

  #pushNew(value: unknown): true {
    if (++this.#objects > OBJECT_LIMIT) throw new PickleError(`it holds more than ${OBJECT_LIMIT} objects`)
    return this.#push(value)
  }

  #floor(): number {
    return this.#marks.at(-1) ?? 0
  }

  #pop(): unknown {
    return this.#take(1)[0]
  }

  #top(): unknown {
    if (this.#stack.length <= this.#floor()) throw new PickleError('a value is missing')
    return this.#stack.at(-1)
  }

  #take(count: number): unknown[] {
    if (this.#stack.length - count < this.#floor()) throw new PickleError('a value is missing')
    return this.#stack.splice(this.#stack.length - count, count)
  }

  #takeMarked(): unknown[] {
    const from = this.#marks.pop()
    if (from === undefined) throw new PickleError('a mark is missing')
    return this.#stack.splice(from)
  }

  #integer(length: number): number | bigint {
    if (length > INTEGER_LIMIT)
      throw new PickleError(`a whole number of ${length} bytes; the limit is ${INTEGER_LIMIT}`)
    const bytes = this.reader.bytes(length).reverse()
    if (length === 0) return 0
    return narrow(BigInt.asIntN(8 * length, BigInt(`0x${bytes.toString('hex')}`)))
  }

  #checkProtocol(version: number): true {
    if (version < 2 || version > 5) throw new PickleError(`protocol ${version}; protocols 2 to 5 can be read`)
    return true
  }

  #append(items: unknown[]): true {
    const list = this.#top()
    if (!Array.isArray(list) || isTuple(list)) throw new PickleError('something is added to what is no list')
    for (const item of items) list.push(item)
    return true
  }

  #addItems(items: unknown[]): true {
    const set = this.#top()
    if (!(set instanceof Set)) throw new PickleError('something is added to what is no set')
    for (const item of items) set.add(item)
    return true
  }

  #setItems(items: unknown[]): true {
    const dict = this.#top()
    if (!(dict instanceof PyDict) || items.length % 2)
      throw new PickleError('a key is set in what is no dict')
    for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i], items[i + 1])
    return true
  }

  #remember(key: number): true {
    if (this.#memo.size > OBJECT_LIMIT)
      throw new PickleError(`it remembers more than ${OBJECT_LIMIT} objects`)
    this.#memo.set(key, this.#top())
    return true
  }

  #recall(key: number): true {
    if (!this.#memo.has(key)) throw new PickleError(`it recalls object ${key}, which it never had`)
    return this.#push(this.#memo.get(key))
  }

  #global(module?: unknown, name?: unknown): true {
    if (typeof module !== 'string' || typeof name !== 'string')
      throw new PickleError('a class without a name')
    const found = lookUpGlobal(module, name)
    if (found === undefined)
      throw new PickleError(
        `it names the class or function ${quote(`${module}.${name}`)}, which is not one of the known ones and is never executed; save plain numbers, text and tensors instead`,
      )
    return this.#push(found)
  }

  #call(target?: unknown, args?: unknown): true {
    if (!(target instanceof PyGlobal && target.call))
      throw new PickleError(
        target instanceof PyGlobal
          ? `it calls ${target.name}, which may only be named`
          : 'it calls what is no function',
      )
    if (!Array.isArray(args)) throw new PickleError('a call without arguments')
    for (const arg of args) this.#countCopy(arg)
    return this.#pushNew(target.call(args))
  }

  #build(state: unknown): true {
    const object = this.#top()
    this.#countCopy(state)
    if (object instanceof NumpyDType) setNumpyState(object, state)
    else if (object instanceof NumpyArray) setArrayState(object, state)
    else if (object instanceof PyDict && state instanceof PyDict) {
      // An OrderedDict's attributes (PyTorch hangs `_metadata` on it) are left behind.
      if (object.kind === 'attributes')
        for (const [key, value] of state.entries) object.entries.set(key, value)
    } else throw new PickleError('a state is given to what has none')
    return true
  }

  #countCopy(value: unknown): void {
    if (typeof value === 'string' || Array.isArray(value) || value instanceof Uint8Array)
      this.#copied += value.length
    else if (value instanceof Set) this.#copied += value.size
    else if (value instanceof PyDict) this.#copied += value.entries.size
    const limit = COPY_FACTOR * (this.reader.position - this.#start)
    if (this.#copied > limit) throw new PickleError(`its calls copy more than ${limit} values`)
  }
}
