import { elementCount } from '../../element-count.js'
import type { DType } from '../dtype.js'
import { DTYPES } from '../dtype.js'
import { halfToNumber } from '../half.js'
import { contiguousStride } from '../layout.js'
import { quote } from '../quote.js'
import { MemoryStorage } from '../storage.js'
import { TorchTensor } from '../tensor.js'
import { NumpyArray, NumpyDType, PickleError, PyGlobal } from './objects.js'

/** The parts of NumPy that checkpoints hold: numbers in a configuration, arrays such as random states. */
export const NUMPY_GLOBALS: readonly PyGlobal[] = [
  new PyGlobal('numpy.dtype', ([code]) => {
    if (typeof code !== 'string') throw new PickleError('a NumPy type without a name')
    return new NumpyDType(code)
  }),
  new PyGlobal('numpy.ndarray'),
  // NumPy 1 and NumPy 2.
  ...['numpy.core', 'numpy._core'].flatMap((core) => [
    new PyGlobal(`${core}.multiarray.scalar`, scalar),
    new PyGlobal(`${core}.multiarray._reconstruct`, () => new NumpyArray()),
    new PyGlobal(`${core}.numeric._frombuffer`, ([bytes, dtype, shape, order]) => {
      if (order !== 'C' && order !== 'F') throw new PickleError('a NumPy array of an unknown order')
      return arrayOf(bytes, dtype, shape, order === 'F')
    }),
  ]),
]

/** A type's state is a tuple: version, byte order (`|` where it does not matter), .. */
export function setNumpyState(dtype: NumpyDType, state: unknown): void {
  const order: unknown = Array.isArray(state) ? state[1] : undefined
  if (order !== '<' && order !== '>' && order !== '|')
    throw new PickleError('a NumPy type of an unknown byte order')
  dtype.order = order
}

/** An array's state: version, shape, type, whether it is in Fortran's order, elements. */
export function setArrayState(array: NumpyArray, state: unknown): void {
  const [, shape, dtype, isFortran, bytes] = Array.isArray(state) ? (state as unknown[]) : []
  array.tensor = arrayOf(bytes, dtype, shape, isFortran === true)
}

function arrayOf(bytes: unknown, dtype: unknown, shape: unknown, isFortran: boolean): TorchTensor {
  if (!(dtype instanceof NumpyDType && bytes instanceof Uint8Array && isShape(shape)))
    throw new PickleError('a NumPy array without a type, a shape or bytes')
  const type = Object.hasOwn(ELEMENTS, dtype.code) ? ELEMENTS[dtype.code] : undefined
  if (!type || dtype.order === '>')
    throw new PickleError(`a NumPy array of ${quote(dtype.order + dtype.code)}; save it as a tensor instead`)
  if (bytes.length !== elementCount(shape) * DTYPES[type].bytes)
    throw new PickleError(`a NumPy array of shape [${shape.join(', ')}] with ${bytes.length} bytes`)
  const stride = isFortran ? contiguousStride(shape.toReversed()).reverse() : contiguousStride(shape)
  return new TorchTensor(new MemoryStorage(bytes), type, shape, stride)
}

function isShape(shape: unknown): shape is number[] {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) >= 0
  return Array.isArray(shape) && shape.length <= MAX_DIMENSIONS && shape.every(isSize)
}

/** As many as NumPy itself takes. */
const MAX_DIMENSIONS = 64

const ELEMENTS: Readonly<Record<string, DType>> = {
  f8: 'float64',
  f4: 'float32',
  f2: 'float16',
  i8: 'int64',
  i4: 'int32',
  i2: 'int16',
  i1: 'int8',
  u8: 'uint64',
  u4: 'uint32',
  u2: 'uint16',
  u1: 'uint8',
  b1: 'bool',
  c8: 'complex64',
  c16: 'complex128',
}

function scalar([dtype, bytes]: readonly unknown[]): unknown {
  if (!(dtype instanceof NumpyDType && bytes instanceof Uint8Array))
    throw new PickleError('a NumPy number without a type or without bytes')
  const isText = /^U\d+$/.test(dtype.code)
  const isNumber = Object.hasOwn(READERS, dtype.code)
  const read = isText ? readText : isNumber ? READERS[dtype.code] : undefined
  const size = Number(dtype.code.slice(1)) * (isText ? 4 : 1)
  if (!read || bytes.length !== size)
    throw new PickleError(`a NumPy number of type ${quote(dtype.code)} with ${bytes.length} bytes`)
  return read(new DataView(bytes.buffer, bytes.byteOffset, size), dtype.order !== '>')
}

const READERS: Readonly<Record<string, (view: DataView, little: boolean) => unknown>> = {
  f8: (view, little) => view.getFloat64(0, little),
  f4: (view, little) => view.getFloat32(0, little),
  f2: (view, little) => halfToNumber(view.getUint16(0, little)),
  i8: (view, little) => narrow(view.getBigInt64(0, little)),
  u8: (view, little) => narrow(view.getBigUint64(0, little)),
  i4: (view, little) => view.getInt32(0, little),
  u4: (view, little) => view.getUint32(0, little),
  i2: (view, little) => view.getInt16(0, little),
  u2: (view, little) => view.getUint16(0, little),
  i1: (view) => view.getInt8(0),
  u1: (view) => view.getUint8(0),
  b1: (view) => view.getUint8(0) !== 0,
}

/** NumPy's text has four bytes a character. */
function readText(view: DataView, little: boolean): string {
  let text = ''
  for (let at = 0; at < view.byteLength; at += 4) {
    const code = view.getUint32(at, little)
    if (code > 0x10ffff) throw new PickleError(`a NumPy text with the character ${code}`)
    text += String.fromCodePoint(code)
  }
  return text
}

/** A whole number as `number` where that is exact. */
export function narrow(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}
