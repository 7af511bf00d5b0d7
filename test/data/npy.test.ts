import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  npyHeader,
  readNpy,
  readNpyHeader,
  readNpyRows,
  writeNpy,
  type NpyArray,
} from '../../src/data/npy.js'
import { UserError } from '../../src/errors.js'

let folder: string
beforeAll(() => (folder = mkdtempSync(path.join(tmpdir(), 'fdm-npy-'))))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (name: string) => path.join(folder, name)

const arrays: readonly NpyArray[] = [
  { dtype: 'uint8', shape: [2, 3], data: Uint8Array.of(0, 1, 2, 253, 254, 255) },
  { dtype: 'int32', shape: [4], data: Int32Array.of(-1, 0, 1, 2 ** 31 - 1) },
  { dtype: 'int64', shape: [1, 2], data: BigInt64Array.of(-(2n ** 63n), 7n) },
  { dtype: 'float32', shape: [3, 1, 1], data: Float32Array.of(-0.5, Infinity, 3e38) },
  { dtype: 'float64', shape: [], data: Float64Array.of(Math.PI) },
  { dtype: 'float32', shape: [0, 5], data: new Float32Array(0) },
]

test.each(arrays)('$dtype of shape $shape comes back', (array) => {
  writeNpy(at('a.npy'), array)
  expect(readNpy(at('a.npy'))).toEqual(array)
})

test('a header as NumPy writes it is read, version 2 too', () => {
  // np.save(f, np.arange(3, dtype='int32')), NumPy 2.
  const dict = "{'descr': '<i4', 'fortran_order': False, 'shape': (3,), }".padEnd(117) + '\n'
  const values = Buffer.from(Int32Array.of(5, 6, 7).buffer)
  const version1 = [Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'), Buffer.from(dict), values]
  writeFileSync(at('v1.npy'), Buffer.concat(version1))
  expect(readNpy(at('v1.npy'))).toEqual({ dtype: 'int32', shape: [3], data: Int32Array.of(5, 6, 7) })
  const longer = dict.replace('\n', '  \n')
  const version2 = [Buffer.from('\x93NUMPY\x02\x00\x78\x00\x00\x00', 'latin1'), Buffer.from(longer), values]
  writeFileSync(at('v2.npy'), Buffer.concat(version2))
  expect(readNpy(at('v2.npy')).data).toEqual(Int32Array.of(5, 6, 7))
})

describe('as NumPy 2.4 writes them', () => {
  const written = (descr: string, isFortran: boolean, shape: string, hex: string) => {
    const dict = `{'descr': '${descr}', 'fortran_order': ${isFortran ? 'True' : 'False'}, 'shape': ${shape}, }`
    const start = Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1')
    writeFileSync(at('other.npy'), Buffer.concat([start, Buffer.from(`${dict.padEnd(117)}\n`), Buffer.from(hex, 'hex')])) // prettier-ignore
  }

  test("Fortran's order", () => {
    // np.save(f, np.arange(12, dtype='i4').reshape(2, 3, 2).copy('F'))
    const hex = '00000000060000000200000008000000040000000a00000001000000070000000300000009000000050000000b000000' // prettier-ignore
    written('<i4', true, '(2, 3, 2)', hex)
    expect(readNpy(at('other.npy'))).toEqual({
      dtype: 'int32',
      shape: [2, 3, 2],
      data: Int32Array.from({ length: 12 }, (_, i) => i),
    })
    expect(() => readNpyHeader(at('other.npy'))).toThrow(/other\.npy is stored in Fortran order/)
    // One axis has no other order.
    written('|u1', true, '(2,)', '0708')
    expect(readNpyHeader(at('other.npy')).shape).toEqual([2])
  })

  test('big-endian numbers', () => {
    // np.save(f, np.array([[1.5, -2], [3, 4]], dtype='>f8').T)
    const hex = '3ff8000000000000c00000000000000040080000000000004010000000000000'
    written('>f8', true, '(2, 2)', hex)
    expect(readNpy(at('other.npy')).data).toEqual(Float64Array.of(1.5, 3, -2, 4))
    expect(() => readNpyHeader(at('other.npy'))).toThrow(UserError)
    // np.save(f, np.array([1, -2], dtype='>i4'))
    written('>i4', false, '(2,)', '00000001fffffffe')
    expect(readNpy(at('other.npy')).data).toEqual(Int32Array.of(1, -2))
    expect(() => readNpyHeader(at('other.npy'))).toThrow(/other\.npy holds big-endian numbers/)
  })
})

test('rows are read in the order asked for', () => {
  writeNpy(at('rows.npy'), {
    dtype: 'uint8',
    shape: [4, 2],
    data: Uint8Array.of(0, 1, 10, 11, 20, 21, 30, 31),
  })
  const header = readNpyHeader(at('rows.npy'))
  expect([...readNpyRows(header, [3, 0, 1, 1])]).toEqual([30, 31, 0, 1, 10, 11, 10, 11])
  expect(readNpyRows(header, [])).toEqual(new Uint8Array(0))
  for (const row of [4, -1, 0.5, NaN]) expect(() => readNpyRows(header, [row])).toThrow(RangeError)
})

test('reading rows reads no others: a sparse file far larger than memory will do', () => {
  const shape = [2 ** 20, 256, 256, 3]
  writeFileSync(at('large.npy'), npyHeader('uint8', shape))
  truncateSync(at('large.npy'), statSync(at('large.npy')).size + 2 ** 20 * 256 * 256 * 3)
  expect(readNpyRows(readNpyHeader(at('large.npy')), [2 ** 20 - 1]).length).toBe(256 * 256 * 3)
  rmSync(at('large.npy'))
})

describe('files that cannot be trusted', () => {
  const good = () => {
    writeNpy(at('good.npy'), { dtype: 'uint8', shape: [2, 3], data: new Uint8Array(6) })
    return readFileSync(at('good.npy'))
  }
  const withHeader = (header: string) => {
    const text = header.padEnd(117) + '\n'
    return Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'),
      Buffer.from(text),
      Buffer.alloc(64),
    ])
  }
  const cases: readonly [string, () => Uint8Array, RegExp][] = [
    ['an empty file', () => Buffer.alloc(0), /is empty: it has 0 bytes/],
    ['something else', () => Buffer.from('PK\x03\x04 and so on and on'), /not a \.npy file/],
    ['data cut short', () => good().subarray(0, -1), /truncated/],
    ['a header cut short', () => good().subarray(0, 30), /damaged/],
    ['a header of 4 GB', () => Buffer.from('\x93NUMPY\x02\x00\xff\xff\xff\xff{}', 'latin1'), /damaged/],
    ['no dictionary', () => withHeader('nothing'), /header that cannot be read/],
    [
      'objects',
      () => withHeader("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"),
      /cannot be read/,
    ],
    [
      'half floats',
      () => withHeader("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }"),
      /type "f2"/,
    ],
    [
      'a type with odd letters',
      () => withHeader("{'descr': '<\n\u0007', 'fortran_order': False, 'shape': (1,), }"),
      /cannot be read: "Unsupported dtype: <\\n\\u0007"/,
    ],
    [
      'a negative size',
      () => withHeader("{'descr': '|u1', 'fortran_order': False, 'shape': (-2, -2), }"),
      /shape/,
    ],
    [
      'a word for a size',
      () => withHeader("{'descr': '|u1', 'fortran_order': False, 'shape': (x, 2), }"),
      /shape/,
    ],
    [
      'too many',
      () => withHeader("{'descr': '|u1', 'fortran_order': False, 'shape': (9e15, 9e15), }"),
      /shape|trunc/,
    ],
  ]
  test.each(cases)('%s', (_, content, message) => {
    writeFileSync(at('bad.npy'), content())
    const read = () => readNpy(at('bad.npy'))
    expect(read).toThrow(UserError)
    expect(read).toThrow(message)
    expect(read).toThrow(at('bad.npy'))
  })

  test('a missing file', () => {
    expect(() => readNpy(at('missing.npy'))).toThrow(/missing\.npy: it does not exist/)
  })

  test('a file that shrinks after its header was read', () => {
    good()
    const header = readNpyHeader(at('good.npy'))
    copyFileSync(at('good.npy'), at('shrunk.npy'))
    truncateSync(at('shrunk.npy'), statSync(at('shrunk.npy')).size - 1)
    expect(() => readNpyRows({ ...header, file: at('shrunk.npy') }, [1])).toThrow(
      /became shorter while it was read/,
    )
  })
})

test('what is written must have the shape it says', () => {
  expect(() => writeNpy(at('b.npy'), { dtype: 'uint8', shape: [3], data: new Uint8Array(2) })).toThrow(
    'shape (3)',
  )
  expect(() => writeNpy(at('b.npy'), { dtype: 'float32', shape: [2], data: new Uint8Array(2) })).toThrow(
    'float32',
  )
})
