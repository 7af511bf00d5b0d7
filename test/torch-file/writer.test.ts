import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  isOrderedDict,
  isTuple,
  orderedDict,
  PyFloat,
  readTorchFile,
  tensor,
  TorchTensor,
  tuple,
  writeTorchFile,
  type TorchInput,
  type TorchRecord,
  type TorchValue,
} from '../../src/torch-file/index.js'
import { HandPickle, temporaryFolder, writeZip } from './handmade.js'

const folder = temporaryFolder()
const file = path.join(folder, 'written.pt')

function roundTrip(value: TorchInput): TorchValue {
  writeTorchFile(file, value)
  return readTorchFile(file)
}

describe('values come back as they were', () => {
  test.each<[string, TorchInput]>([
    ['None', null],
    ['flags', [true, false]],
    ['whole numbers', [0, 1, 255, 256, 65535, 65536, -1, -(2 ** 31), 2 ** 31, 2 ** 53 - 1, -(2 ** 53) + 1]],
    ['large whole numbers', [2n ** 64n, -(2n ** 200n), 2n ** 53n]],
    ['fractions', [0.1, -1e-300, 1e300, Infinity, -Infinity, NaN, -0]],
    ['text', ['', 'naïve – 模型 🚗', 'a\u0000\n']],
    ['bytes', [new Uint8Array(), Uint8Array.from({ length: 256 }, (_, i) => i)]],
    ['lists', [[], [[]], [1, [2, [3]]]]],
    ['dicts', { a: 1, b: { c: [] }, __proto_: 2, '': null }],
    ['Maps', new Map<TorchInput, TorchInput>([[0, 'a'], [-1, 'b'], [true, 'c'], [null, 'd'], ['e', 5]])], // prettier-ignore
    ['sets', new Set([1, 'a', null])],
    ['many keys', Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`name ${i}`, `value ${i}`]))],
  ])('%s', (_, value) => expect(roundTrip(value)).toEqual(value))

  test('tuples of every length', () => {
    for (let length = 0; length < 6; length++) {
      const items = Array.from({ length }, (_, i) => i)
      const back = roundTrip(tuple(items)) as number[]
      expect(back).toEqual(items)
      expect(isTuple(back)).toBe(true)
    }
    expect(isTuple(roundTrip([1, 2]) as object)).toBe(false)
  })

  test('an OrderedDict in its order, also if its names are numbers', () => {
    const back = roundTrip({ state_dict: orderedDict([['b', 1], ['a', 2]]) }) as TorchRecord // prettier-ignore
    expect(Object.entries(back.state_dict as TorchRecord)).toEqual([['b', 1], ['a', 2]]) // prettier-ignore
    expect(isOrderedDict(back.state_dict as object)).toBe(true)
    const numbered = roundTrip(orderedDict([['1', 1], ['0', 2]])) // prettier-ignore
    expect([...(numbered as Map<string, number>).keys()]).toEqual(['1', '0'])
    expect(isOrderedDict(numbered as object)).toBe(true)
  })

  test('undefined becomes None, PyFloat its value', () => {
    expect(roundTrip({ a: undefined, b: new PyFloat(1) })).toEqual({ a: null, b: 1 })
    expect(readFileSync(file).includes(Buffer.from('473ff0000000000000', 'hex'))).toBe(true)
  })

  test('hundreds of texts that occur twice', () => {
    const record = () => Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`name ${i}`, `${i}`]))
    const back = roundTrip([record(), record()]) as TorchRecord[]
    expect(back).toEqual([record(), record()])
    expect(Object.keys(back[1] ?? {})).toEqual(Object.keys(record()))
  })

  test('what occurs twice is written once', () => {
    const list = ['x'.repeat(1000)]
    const [a, b] = roundTrip([list, list]) as TorchValue[]
    expect(a).toBe(b)
    expect(readFileSync(file).length).toBeLessThan(2000)
  })

  test('views, requires_grad and empty tensors', () => {
    const whole = tensor(
      'float64',
      [4, 3],
      Float64Array.from({ length: 12 }, (_, i) => i),
    )
    const view = new TorchTensor(whole.storage, 'float64', [2, 3], [1, 4], 1, true)
    const back = roundTrip({ view, none: tensor('float32', [0, 2], []) }) as Record<string, TorchTensor>
    expect(back.view).toMatchObject({ shape: [2, 3], stride: [1, 4], offset: 1, requiresGrad: true })
    expect(back.view?.data()).toEqual(view.data())
    expect(back.none?.shape).toEqual([0, 2])
  })

  test('one storage as two types, each whole', () => {
    const whole = tensor('int32', [4], [1, 2, 3, 4])
    const bytes = new TorchTensor(whole.storage, 'uint8', [16])
    const back = roundTrip([whole, bytes]) as TorchTensor[]
    expect(back.map((t) => t.data())).toEqual([whole.data(), bytes.data()])
  })

  test('a file can be rewritten with its own tensors', () => {
    writeTorchFile(file, { w: tensor('float32', [3], [1, 2, 3]) })
    const { w } = readTorchFile(file) as { w: TorchTensor }
    expect((roundTrip({ w, step: 1 }) as { w: TorchTensor }).w.toFloat32()).toEqual(Float32Array.of(1, 2, 3))
  })
})

describe('what cannot be written', () => {
  const cyclic: TorchInput[] = []
  cyclic.push(cyclic)
  test.each<[string, unknown, RegExp]>([
    ['a function', { config: { lr: () => 1 } }, /a function at config\.lr cannot be written/],
    ['a typed array', { a: [new Float32Array(2)] }, /a Float32Array at a\.0 .*tensor\(\.\.\)/],
    ['a class', new Date(0), /a Date cannot be written/],
    ['itself', { a: cyclic }, /contains itself/],
    ['a huge number', 2n ** 3000n, /the limit is 255/],
  ])('%s', (_, value, message) => {
    writeFileSync(file, 'before')
    expect(() => writeTorchFile(file, value as TorchInput)).toThrow(message)
    expect(readFileSync(file, 'utf8')).toBe('before')
  })

  test('a tensor whose file is gone leaves the old file and nothing else', () => {
    const other = path.join(folder, 'other.pt')
    writeTorchFile(other, tensor('uint8', [4], [1, 2, 3, 4]))
    const lost = readTorchFile(other)
    writeTorchFile(other, tensor('uint8', [5], [1, 2, 3, 4, 5]))
    writeFileSync(file, 'before')
    expect(() => writeTorchFile(file, [lost])).toThrow(/other\.pt: the file was changed/)
    expect(readFileSync(file, 'utf8')).toBe('before')
    expect(readdirSync(folder).sort()).toEqual(['other.pt', 'written.pt'])
  })
})

test('the same values make the same file', () => {
  const value = { w: tensor('float32', [2], [1, 2]), config: { a: 1 } }
  writeTorchFile(file, value)
  const first = readFileSync(file)
  writeTorchFile(file, value)
  expect(readFileSync(file).equals(first)).toBe(true)
})

test('contents of records are aligned to 64 bytes', () => {
  writeTorchFile(file, [
    tensor('uint8', [8], Buffer.from('MARKER01')),
    tensor('uint8', [8], Buffer.from('MARKER02')),
  ])
  const bytes = readFileSync(file)
  for (const marker of ['MARKER01', 'MARKER02']) expect(bytes.indexOf(marker) % 64).toBe(0)
})

test('folders that are missing are made', () => {
  const deep = path.join(folder, 'a', 'b', 'c.pt')
  writeTorchFile(deep, 1)
  expect(existsSync(deep)).toBe(true)
})

test('zip64: sizes, places and numbers of records beyond 32 and 16 bits', () => {
  const pickle = new HandPickle().tensor(4, [4], [1])
  const data = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)
  const records = { 'data.pkl': pickle.stop(), 'data/0': data, version: Buffer.from('3\n') }
  const read = () => (readTorchFile(file) as TorchTensor).toFloat32()
  for (const limits of [
    { bytes: 0, records: 0xffff },
    { bytes: 100, records: 0xffff },
    { bytes: 0xffffffff, records: 1 },
  ]) {
    writeZip(file, records, limits)
    expect(readFileSync(file).includes(Buffer.from('PK\x06\x06'))).toBe(true)
    expect(read()).toEqual(Float32Array.of(1, 2, 3, 4))
  }
})
