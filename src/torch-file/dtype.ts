import { bfloat16ToNumber, halfToNumber, numberToBfloat16, numberToHalf } from './half.js'
import { requireIntegers } from './require-integers.js'

/** What a tensor's elements are, by PyTorch's name for it. Complex numbers and those of 8 bits are seen but not read. */
export type DType = keyof typeof DTYPES

/**
 * Elements in JavaScript: `int64` and `uint64` are bigints; `float16` and `bfloat16` are widened to
 * Float32Array, which is exact; `bool` is a Uint8Array of 0 and 1.
 */
export type TensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint8Array
  | Uint16Array
  | Uint32Array

/** The types whose elements JavaScript can hold. */
export type ReadableDType = Exclude<DType, `complex${number}` | `float8_${string}`>

interface DTypeInfo {
  /** Bytes of one element. */
  readonly bytes: 1 | 2 | 4 | 8 | 16
  /** The class that pickles name, `torch.<storage>`; none for types newer than these classes. */
  readonly storage?: string
}

export const DTYPES = {
  float32: { bytes: 4, storage: 'FloatStorage' },
  float64: { bytes: 8, storage: 'DoubleStorage' },
  float16: { bytes: 2, storage: 'HalfStorage' },
  bfloat16: { bytes: 2, storage: 'BFloat16Storage' },
  int64: { bytes: 8, storage: 'LongStorage' },
  int32: { bytes: 4, storage: 'IntStorage' },
  int16: { bytes: 2, storage: 'ShortStorage' },
  int8: { bytes: 1, storage: 'CharStorage' },
  uint8: { bytes: 1, storage: 'ByteStorage' },
  bool: { bytes: 1, storage: 'BoolStorage' },
  uint16: { bytes: 2 },
  uint32: { bytes: 4 },
  uint64: { bytes: 8 },
  complex64: { bytes: 8, storage: 'ComplexFloatStorage' },
  complex128: { bytes: 16, storage: 'ComplexDoubleStorage' },
  complex32: { bytes: 4 },
  float8_e4m3fn: { bytes: 1 },
  float8_e4m3fnuz: { bytes: 1 },
  float8_e5m2: { bytes: 1 },
  float8_e5m2fnuz: { bytes: 1 },
  float8_e8m0fnu: { bytes: 1 },
} as const satisfies Readonly<Record<string, DTypeInfo>>

export function isDType(name: string): name is DType {
  return Object.hasOwn(DTYPES, name)
}

export function isReadable(dtype: DType): dtype is ReadableDType {
  return !/^(complex|float8_)/.test(dtype)
}

/** The type whose storages PyTorch calls `torch.<name>`, if there is one. */
export function dtypeOfStorage(name: string): DType | undefined {
  const found = Object.entries<DTypeInfo>(DTYPES).find(([, info]) => info.storage === name)
  return found?.[0] as DType | undefined
}

/** The class that stores a type in PyTorch, if it has one of its own. */
export function storageOfDType(dtype: DType): string | undefined {
  const info: DTypeInfo = DTYPES[dtype]
  return info.storage
}

/** Little-endian bytes to elements, without a copy where JavaScript has the type. */
export function decode(dtype: ReadableDType, bytes: ArrayBuffer): TensorData {
  switch (dtype) {
    case 'float32':
      return new Float32Array(bytes)
    case 'float64':
      return new Float64Array(bytes)
    case 'float16':
      return Float32Array.from(new Uint16Array(bytes), halfToNumber)
    case 'bfloat16':
      return Float32Array.from(new Uint16Array(bytes), bfloat16ToNumber)
    case 'int64':
      return new BigInt64Array(bytes)
    case 'int32':
      return new Int32Array(bytes)
    case 'int16':
      return new Int16Array(bytes)
    case 'int8':
      return new Int8Array(bytes)
    case 'uint8':
    case 'bool':
      return new Uint8Array(bytes)
    case 'uint16':
      return new Uint16Array(bytes)
    case 'uint32':
      return new Uint32Array(bytes)
    case 'uint64':
      return new BigUint64Array(bytes)
  }
}

/**
 * Elements as a storage holds them. Data of the very type is passed on as it is, without a copy; other
 * numbers are converted: rounded to the nearest float.
 * @throws UserError if they are not integers in the range of a type of integers.
 */
export function encode(dtype: ReadableDType, values: TensorData | readonly number[]): TensorData {
  const integers = () => {
    requireIntegers(dtype, values)
    return values
  }
  switch (dtype) {
    case 'float32':
      return values instanceof Float32Array ? values : Float32Array.from(asNumbers(values))
    case 'float64':
      return values instanceof Float64Array ? values : Float64Array.from(asNumbers(values))
    case 'float16':
      return Uint16Array.from(asNumbers(values), numberToHalf)
    case 'bfloat16':
      return Uint16Array.from(asNumbers(values), numberToBfloat16)
    case 'int64':
      return values instanceof BigInt64Array ? values : BigInt64Array.from(asBigints(integers()))
    case 'int32':
      return values instanceof Int32Array ? values : Int32Array.from(asNumbers(integers()))
    case 'int16':
      return values instanceof Int16Array ? values : Int16Array.from(asNumbers(integers()))
    case 'int8':
      return values instanceof Int8Array ? values : Int8Array.from(asNumbers(integers()))
    case 'uint8':
      return values instanceof Uint8Array ? values : Uint8Array.from(asNumbers(integers()))
    case 'bool':
      return Uint8Array.from(asNumbers(values), (value) => (value === 0 ? 0 : 1))
    case 'uint16':
      return values instanceof Uint16Array ? values : Uint16Array.from(asNumbers(integers()))
    case 'uint32':
      return values instanceof Uint32Array ? values : Uint32Array.from(asNumbers(integers()))
    case 'uint64':
      return values instanceof BigUint64Array ? values : BigUint64Array.from(asBigints(integers()))
  }
}

function asNumbers(values: TensorData | readonly number[]): ArrayLike<number> {
  return isBig(values) ? Float64Array.from(values, Number) : values
}

function asBigints(values: TensorData | readonly number[]): Iterable<bigint> {
  return isBig(values) ? values : Array.from(values, BigInt)
}

function isBig(values: TensorData | readonly number[]): values is BigInt64Array | BigUint64Array {
  return values instanceof BigInt64Array || values instanceof BigUint64Array
}
