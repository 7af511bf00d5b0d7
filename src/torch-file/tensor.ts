import { counted } from '../counted.js'
import { elementCount } from '../element-count.js'
import { UserError } from '../errors.js'
import { expectChoice, expectObject } from '../expect.js'
import {
  DTYPES,
  decode,
  encode,
  isReadable,
  type DType,
  type ReadableDType,
  type TensorData,
} from './dtype.js'
import { checkView, contiguousStride, gatherStrided, isContiguous, spanOf } from './layout.js'
import { MemoryStorage, UnreadableStorage, type TorchStorage } from './storage.js'

/** A view may repeat elements (stride 0); a file that asks for more than this many by repetition is refused. */
const MAX_REPEATED = 2 ** 26

/**
 * A tensor as PyTorch knows it: a view (shape, stride, offset) of a storage, which may lie in a file.
 * Nothing is read before it is asked for, and then only the bytes the view needs.
 */
export class TorchTensor {
  readonly shape: readonly number[]
  /** In elements, one per dimension. */
  readonly stride: readonly number[]

  /**
   * @param offset the view's first element in the storage
   * @throws UserError if the view does not lie inside the storage.
   */
  constructor(
    readonly storage: TorchStorage,
    readonly dtype: DType,
    shape: readonly number[],
    stride: readonly number[] = contiguousStride(shape),
    readonly offset = 0,
    readonly requiresGrad = false,
  ) {
    checkView(storage.where, shape, stride, offset, Math.floor(storage.byteLength / DTYPES[dtype].bytes))
    this.shape = [...shape]
    this.stride = [...stride]
  }

  /** How many elements it has. */
  get size(): number {
    return elementCount(this.shape)
  }

  get elementBytes(): number {
    return DTYPES[this.dtype].bytes
  }

  /**
   * All elements in C order of the view: `int64` as BigInt64Array, `float16` and `bfloat16` widened to
   * Float32Array, `bool` as Uint8Array.
   * @throws UserError if the file cannot be read, or if a tensor of this type or kind cannot.
   */
  data(): TensorData {
    return decode(this.#readable(), this.#bytes())
  }

  /** All elements in C order as float32; integers and doubles are rounded to the nearest. */
  toFloat32(): Float32Array {
    const data = this.data()
    return data instanceof Float32Array ? data : Float32Array.from(toNumbers(data))
  }

  /**
   * All elements in C order as doubles.
   * @throws UserError for a 64-bit integer that a double cannot hold.
   */
  numbers(): Float64Array {
    const data = this.data()
    const numbers = toNumbers(data)
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
      const unsafe = data.find((value) => !Number.isSafeInteger(Number(value)))
      if (unsafe !== undefined)
        throw new UserError(`${this.storage.where}: ${unsafe} does not fit a number; the limit is 2^53 - 1`)
    }
    return numbers instanceof Float64Array ? numbers : Float64Array.from(numbers)
  }

  /** The part of the first dimension from `start` up to, not with, `end`: a view; nothing is read. */
  narrow(start: number, end: number): TorchTensor {
    const [length = 0, ...rest] = this.shape
    if (this.shape.length === 0) throw new RangeError('a tensor without dimensions has no rows')
    if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= length))
      throw new RangeError(`rows ${start} to ${end} of a tensor with ${length} rows`)
    const first = this.offset + (start < end ? start * (this.stride[0] ?? 0) : 0)
    return new TorchTensor(
      this.storage,
      this.dtype,
      [end - start, ...rest],
      this.stride,
      first,
      this.requiresGrad,
    )
  }

  /** The elements of `narrow(start, end)`, reading no others where the rows are contiguous. */
  rows(start: number, end: number): TensorData {
    return this.narrow(start, end).data()
  }

  /**
   * The elements of some rows, one after the other, reading no others where a row is contiguous.
   * @param indices positions in the first dimension, any order, repetition allowed
   */
  gatherRows(indices: readonly number[]): TensorData {
    const dtype = this.#readable()
    const row = elementCount(this.shape.slice(1)) * DTYPES[this.dtype].bytes
    const bytes = allocate(this.storage.where, row * indices.length)
    for (let i = 0; i < indices.length;) {
      const start = indices[i] ?? 0
      let count = 1
      while (i + count < indices.length && indices[i + count] === start + count) count++
      this.narrow(start, start + count).#readInto(new Uint8Array(bytes, i * row, count * row))
      i += count
    }
    return decode(dtype, bytes)
  }

  #bytes(): ArrayBuffer {
    const capacity = this.storage.byteLength / DTYPES[this.dtype].bytes
    if (this.size > capacity && this.size > MAX_REPEATED)
      throw new UserError(
        `${this.storage.where}: a tensor of shape [${this.shape.join(', ')}] repeats the ${capacity} elements of its storage; the limit is ${MAX_REPEATED} elements`,
      )
    const bytes = allocate(this.storage.where, this.size * DTYPES[this.dtype].bytes)
    this.#readInto(new Uint8Array(bytes))
    return bytes
  }

  #readInto(target: Uint8Array<ArrayBuffer>): void {
    const { bytes } = DTYPES[this.dtype]
    if (isContiguous(this.shape, this.stride)) {
      this.storage.read(target, this.offset * bytes)
      return
    }
    const span = new Uint8Array(allocate(this.storage.where, spanOf(this.shape, this.stride) * bytes))
    this.storage.read(span, this.offset * bytes)
    gatherStrided(words(bytes, span), words(bytes, target), this.shape, this.stride)
  }

  #readable(): ReadableDType {
    const { storage, dtype } = this
    const special = storage instanceof UnreadableStorage ? storage : undefined
    if (isReadable(dtype) && !special) return dtype
    const parts = dtype.startsWith('complex') ? 'save its real and imaginary parts' : 'save it as float32'
    const entry = entries.get(this)
    throw new UserError(
      `${storage.where}: ${entry === undefined ? '' : `${entry}: `}a ${special ? `${special.kind} ` : ''}tensor of type ` +
        `${dtype} cannot be read; ${special?.advice ?? parts}`,
    )
  }
}

/** Where in a file's collections tensors are that cannot be read. */
const entries = new WeakMap<TorchTensor, string>()

/** Notes where a tensor was found first, for the message if it cannot be read. */
export function noteEntry(tensor: TorchTensor, name: () => string): void {
  const { dtype, storage } = tensor
  const canBeRead = isReadable(dtype) && !(storage instanceof UnreadableStorage)
  if (!canBeRead && !entries.has(tensor)) entries.set(tensor, name())
}

/**
 * A tensor in memory, contiguous. Data of the very type (Float32Array for `float32`, BigInt64Array for
 * `int64`, ..) is not copied, so that later changes to it show.
 * @throws UserError for a type that is none, if there are not as many values as the shape has, or if they are not
 * integers in the range of a type of integers.
 */
export function tensor(
  dtype: ReadableDType,
  shape: readonly number[],
  values: TensorData | readonly number[],
  options: { readonly requiresGrad?: boolean } = {},
): TorchTensor {
  expectChoice('tensor takes as dtype one of', dtype, READABLE)
  expectObject('tensor takes as shape an array of sizes', shape, { length: 'number' })
  expectObject('tensor takes as values an array of numbers', values, { length: 'number' })
  if (values.length !== elementCount(shape))
    throw new UserError(
      `tensor takes ${counted(elementCount(shape), 'value')} for the shape [${shape.join(', ')}], not ${values.length}`,
    )
  return new TorchTensor(
    new MemoryStorage(encode(dtype, values)),
    dtype,
    shape,
    undefined,
    0,
    options.requiresGrad,
  )
}

const READABLE: readonly string[] = Object.keys(DTYPES).filter((name) => isReadable(name as DType))

function toNumbers(data: TensorData): Exclude<TensorData, BigInt64Array | BigUint64Array> {
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Float64Array.from(data, Number)
    : data
}

function allocate(where: string, length: number): ArrayBuffer {
  try {
    return new ArrayBuffer(length)
  } catch (error) {
    throw new UserError(`${where}: a tensor needs ${length} bytes, more than this program can have at once`, {
      cause: error,
    })
  }
}

/** The bytes as whole elements, for copying. */
function words(size: number, bytes: Uint8Array<ArrayBuffer>) {
  const { buffer, byteOffset, byteLength } = bytes
  if (size === 2) return new Uint16Array(buffer, byteOffset, byteLength / 2)
  if (size === 4) return new Uint32Array(buffer, byteOffset, byteLength / 4)
  if (size === 8) return new BigUint64Array(buffer, byteOffset, byteLength / 8)
  return bytes
}
