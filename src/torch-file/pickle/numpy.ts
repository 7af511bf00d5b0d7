import { NumpyDType, PickleError, PyGlobal } from './objects.js'
import { quote } from '../quote.js'

/** The parts of NumPy that scalars need: a checkpoint's configuration may hold a NumPy number. */
export const NUMPY_GLOBALS: readonly PyGlobal[] = [
  new PyGlobal('numpy.dtype', ([code]) => {
    if (typeof code !== 'string') throw new PickleError('a NumPy type without a name')
    return new NumpyDType(code)
  }),
  new PyGlobal('numpy.core.multiarray.scalar', scalar),
  new PyGlobal('numpy._core.multiarray.scalar', scalar),
]

/** A type's state is a tuple: version, byte order (`|` where it does not matter), .. */
export function setNumpyState(dtype: NumpyDType, state: unknown): void {
  const order: unknown = Array.isArray(state) ? state[1] : undefined
  if (order !== '<' && order !== '>' && order !== '|')
    throw new PickleError('a NumPy type of an unknown byte order')
  dtype.order = order
}

function scalar([dtype, bytes]: readonly unknown[]): unknown {
  if (!(dtype instanceof NumpyDType && bytes instanceof Uint8Array))
    throw new PickleError('a NumPy number without a type or without bytes')
  const size = dtype.code === 'b1' ? 1 : Number(dtype.code.slice(1))
  const read = READERS[dtype.code]
  if (!read || bytes.length !== size)
    throw new PickleError(`a NumPy number of type ${quote(dtype.code)} with ${bytes.length} bytes`)
  return read(new DataView(bytes.buffer, bytes.byteOffset, size), dtype.order !== '>')
}

const READERS: Readonly<Record<string, (view: DataView, little: boolean) => unknown>> = {
  f8: (view, little) => view.getFloat64(0, little),
  f4: (view, little) => view.getFloat32(0, little),
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

/** A whole number as `number` where that is exact. */
export function narrow(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}
