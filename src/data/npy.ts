import { fstatSync, readSync } from 'node:fs'
import { dump, parse, type DType } from 'npyjs'
import { elementCount } from '../element-count.js'
import { UserError } from '../errors.js'
import { openToRead } from '../files/open-to-read.js'
import { readFully } from '../files/read-fully.js'
import { writeFileAtomic, writeFully } from '../files/write-file.js'
import { contiguousStride, gatherStrided } from '../torch-file/layout.js'
import { quote } from '../torch-file/quote.js'

/** The element types read and written, by their NumPy names. */
export type NpyDtype = keyof typeof DTYPES
export type NpyData = InstanceType<(typeof DTYPES)[NpyDtype]['array']>

export interface NpyArray {
  readonly dtype: NpyDtype
  readonly shape: readonly number[]
  /** C order. */
  readonly data: NpyData
}

/** What the header of a .npy file says. */
export interface NpyHeader {
  readonly file: string
  readonly dtype: NpyDtype
  readonly shape: readonly number[]
  /** Where the elements begin, in bytes. */
  readonly offset: number
}

const DTYPES = {
  uint8: { code: 'u1', array: Uint8Array },
  int32: { code: 'i4', array: Int32Array },
  int64: { code: 'i8', array: BigInt64Array },
  float32: { code: 'f4', array: Float32Array },
  float64: { code: 'f8', array: Float64Array },
} as const

/** What NumPy writes too: elements begin at a multiple of 64. */
const HEADER_BYTES = 128
/** NumPy itself refuses headers above 10 000 characters; this is the most that version 1.0 can say. */
const LONGEST_HEADER = 65535 + 12

/**
 * Writes an array, whole or not at all. Makes missing folders.
 * @throws UserError naming the file if it cannot be written.
 */
export function writeNpy(file: string, { dtype, shape, data }: NpyArray): void {
  if (data.constructor !== DTYPES[dtype].array || data.length !== elementCount(shape))
    throw new Error(`${data.length} elements are not a ${dtype} array of shape (${shape.join(', ')})`)
  writeFileAtomic(file, (fd) => {
    writeFully(fd, npyHeader(dtype, shape))
    writeFully(fd, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  })
}

/**
 * The bytes that come before the elements: for writers that stream the elements themselves. As many for
 * every shape, so that a writer who learns the length last can write the header again.
 */
export function npyHeader(dtype: NpyDtype, shape: readonly number[]): Uint8Array {
  const { code, array } = DTYPES[dtype]
  const header = Buffer.alloc(HEADER_BYTES, ' ')
  const shortest = new Uint8Array(dump(new array(0), [...shape], { dtype: code }))
  header.set(shortest.subarray(0, -1))
  header.writeUInt16LE(HEADER_BYTES - 10, 8)
  header.write('\n', HEADER_BYTES - 1)
  return header
}

export interface ReadNpyOptions {
  /** Whether bytes after the array are a fault. NumPy overlooks them, and some programs put more there. */
  readonly isAll?: boolean
}

/**
 * Reads a whole array, also of Fortran's order or of big-endian numbers.
 * @throws UserError naming the file if it is missing, malformed, truncated, or of another element type.
 */
export function readNpy(file: string, options: ReadNpyOptions = {}): NpyArray {
  return openToRead(file, (fd) => {
    const { dtype, shape, offset, isFortran, isBigEndian } = parseHeader(file, fd, options)
    const { array } = DTYPES[dtype]
    const bytes = new Uint8Array(byteLength(dtype, shape))
    readFully(file, fd, bytes, offset)
    if (isBigEndian) swap(bytes, array.BYTES_PER_ELEMENT)
    const ordered = isFortran ? inCOrder(bytes, shape, array.BYTES_PER_ELEMENT) : bytes
    return { dtype, shape, data: new array(ordered.buffer) }
  })
}

/** Little-endian to big-endian numbers, or back, in place. */
function swap(bytes: Uint8Array, size: number): void {
  const buffer = Buffer.from(bytes.buffer)
  if (size === 4) buffer.swap32()
  if (size === 8) buffer.swap64()
}

/** From Fortran's order, in which the first axis is the fastest. */
function inCOrder(bytes: Uint8Array, shape: readonly number[], size: number): Uint8Array<ArrayBuffer> {
  const ordered = new Uint8Array(bytes.length)
  // The bytes of an element are one more axis, the fastest in either order.
  const [step = 1, ...steps] = contiguousStride([...shape.toReversed(), size]).reverse()
  gatherStrided(bytes, ordered, [...shape, size], [...steps, step])
  return ordered
}

/**
 * Reads the header alone, and checks that the file is as long as it says.
 * @throws UserError naming the file, as `readNpy`; also if its rows cannot be read one by one as they are.
 */
export function readNpyHeader(file: string, options: ReadNpyOptions = {}): NpyHeader {
  const { isFortran, isBigEndian, ...header } = openToRead(file, (fd) => parseHeader(file, fd, options))
  if (isFortran)
    throw new UserError(`${file} is stored in Fortran order; save it with numpy.ascontiguousarray`)
  if (isBigEndian)
    throw new UserError(`${file} holds big-endian numbers; save them in the machine's own order`)
  return header
}

/**
 * Reads some rows along the first axis, and no other bytes of the file.
 * @param rows positions on the first axis, any order, repetitions allowed
 * @returns the elements of (rows.length, ...shape[1:]) as bytes, in the order asked for
 * @throws UserError naming the file if it cannot be read; RangeError for a row outside the array.
 */
export function readNpyRows({ file, dtype, shape, offset }: NpyHeader, rows: readonly number[]): Uint8Array {
  const rowBytes = byteLength(dtype, shape.slice(1))
  const bytes = new Uint8Array(rows.length * rowBytes)
  openToRead(file, (fd) => {
    for (let start = 0, end; start < rows.length; start = end) {
      for (end = start + 1; end < rows.length && rows[end] === (rows[end - 1] ?? NaN) + 1;) end++
      const [first, last] = [rows[start] ?? NaN, rows[end - 1] ?? NaN]
      if (!(Number.isInteger(first) && first >= 0 && last < (shape[0] ?? 0)))
        throw new RangeError(`rows ${first} to ${last} are not in ${file}, which has ${shape[0] ?? 0}`)
      readFully(file, fd, bytes.subarray(start * rowBytes, end * rowBytes), offset + first * rowBytes)
    }
  })
  return bytes
}

interface ParsedHeader extends NpyHeader {
  /** Whether the first axis is the fastest. */
  readonly isFortran: boolean
  readonly isBigEndian: boolean
}

function parseHeader(file: string, fd: number, { isAll = false }: ReadNpyOptions): ParsedHeader {
  const fault = (what: string, cause?: unknown) => new UserError(`${file} ${what}`, { cause })
  const stat = fstatSync(fd)
  if (!stat.isFile()) throw fault('is not a .npy file: it is no plain file')
  if (stat.size === 0) throw fault('is empty: it has 0 bytes')
  const fileBytes = stat.size
  const start = Buffer.alloc(12)
  readSync(fd, start, 0, 12, 0)
  if (start.toString('latin1', 0, 6) !== '\x93NUMPY') throw fault('is not a .npy file: it begins differently')
  const offset = start.readUInt8(6) > 1 ? 12 + start.readUInt32LE(8) : 10 + start.readUInt16LE(8)
  if (offset > Math.min(fileBytes, LONGEST_HEADER))
    throw fault(`is damaged: its header claims ${offset} bytes, the file has ${fileBytes}`)
  const bytes = new Uint8Array(offset)
  readFully(file, fd, bytes, 0)

  const { dtype: code, shape, fortranOrder, isBigEndian } = parseDict(bytes, fault)
  const dtype = (Object.keys(DTYPES) as NpyDtype[]).find((name) => DTYPES[name].code === code)
  if (!dtype) throw fault(`holds elements of type ${quote(code)}; expected ${Object.keys(DTYPES).join(', ')}`)
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw fault(`is damaged: its header gives the shape (${shape.join(', ')})`)
  const expected = offset + byteLength(dtype, shape)
  if (!(expected <= fileBytes))
    throw fault(`is truncated: (${shape.join(', ')}) ${dtype} takes ${expected} bytes, it has ${fileBytes}`)
  if (isAll && expected < fileBytes)
    throw fault(`is damaged: (${shape.join(', ')}) ${dtype} takes ${expected} bytes, it has ${fileBytes}`)
  return { file, dtype, shape, offset, isFortran: fortranOrder && shape.length > 1, isBigEndian }
}

/** npyjs parses the header; given no bytes after it, it makes an array of no elements. */
function parseDict(
  header: Uint8Array<ArrayBuffer>,
  fault: (what: string, cause: unknown) => UserError,
): { dtype: DType; shape: number[]; fortranOrder: boolean; isBigEndian: boolean } {
  const text = Buffer.from(header).toString('latin1')
  // npyjs knows little-endian numbers only.
  const little = text.replace(/('descr'\s*:\s*')>/, '$1<')
  try {
    const parsed = parse(Uint8Array.from(Buffer.from(little, 'latin1')).buffer)
    return { ...parsed, isBigEndian: little !== text }
  } catch (error) {
    throw fault(
      `has a header that cannot be read: ${quote(error instanceof Error ? error.message : '')}`,
      error,
    )
  }
}

const byteLength = (dtype: NpyDtype, shape: readonly number[]) =>
  elementCount(shape) * DTYPES[dtype].array.BYTES_PER_ELEMENT
