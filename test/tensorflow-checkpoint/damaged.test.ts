import { cpSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ProtobufWriter } from '../../src/protobuf/protobuf-writer.js'
import { maskedCrc32c } from '../../src/tensorflow-checkpoint/crc32c.js'
import { TABLE_MAGIC } from '../../src/tensorflow-checkpoint/read-table.js'
import { readTensorflowCheckpoint } from '../../src/tensorflow-checkpoint/read-tensorflow-checkpoint.js'
import { temporaryFolder } from '../torch-file/handmade.js'

const WRITTEN = path.join(import.meta.dirname, '../golden/nets/variables')
const DATA = 'variables.data-00000-of-00001'
const scratch = temporaryFolder()

/** A copy of a checkpoint that TensorFlow wrote, with one of its files changed. */
function changed(name: string, change: (bytes: Buffer) => Buffer): string {
  const folder = mkdtempSync(path.join(scratch, 'variables-'))
  cpSync(WRITTEN, folder, { recursive: true })
  writeFileSync(path.join(folder, name), change(readFileSync(path.join(WRITTEN, name))))
  return path.join(folder, 'variables.index')
}

const flipped = (at: number) => (bytes: Buffer) => {
  const copy = Buffer.from(bytes)
  const place = at < 0 ? copy.length + at : at
  copy.writeUInt8(copy.readUInt8(place) ^ 0x40, place)
  return copy
}

/** Everything in a checkpoint is read. */
function readAll(index: string): number {
  return [...readTensorflowCheckpoint(index).values()].reduce(
    (sum, tensor) => sum + tensor.toFloat32().length,
    0,
  )
}

test('a whole checkpoint is read', () => {
  expect(readAll(path.join(WRITTEN, 'variables.index'))).toBeGreaterThan(1000)
})

test('what is no index is refused', () => {
  expect(() => readAll(changed('variables.index', () => Buffer.from('short')))).toThrow(
    /variables\.index: not the index of a TensorFlow checkpoint: it is too short/,
  )
  expect(() => readAll(changed('variables.index', flipped(-1)))).toThrow(/its end is not that of a table/)
})

test('a damaged index is refused, wherever the damage is', () => {
  const file = changed('variables.index', (bytes) => bytes)
  const bytes = readFileSync(file)
  const intact = JSON.stringify([...readTensorflowCheckpoint(file)])
  for (let at = 0; at < bytes.length; at++) {
    writeFileSync(file, flipped(at)(bytes))
    let read: string
    try {
      read = JSON.stringify([...readTensorflowCheckpoint(file)])
    } catch (error) {
      expect(error).toMatchObject({ name: 'UserError' })
      continue
    }
    // The padding of the footer, and the meta-index, which is not read, may be anything.
    expect(read).toBe(intact)
  }
})

test('damaged, cut off or missing values are named', () => {
  expect(() => readAll(changed(DATA, flipped(100)))).toThrow(/the values of "RGB.*" are damaged/)
  expect(() => readAll(changed(DATA, (bytes) => bytes.subarray(0, 300)))).toThrow(/truncated or damaged/)
  const index = changed(DATA, (bytes) => bytes)
  renameSync(path.join(path.dirname(index), DATA), path.join(path.dirname(index), 'elsewhere'))
  expect(() => readAll(index)).toThrow(/variables\.data-00000-of-00001: it does not exist/)
})

describe('an index that is whole, yet not to be read', () => {
  const header = (endianness = 0) => new ProtobufWriter().integer(1, 1).integer(2, endianness)
  const entry = () => new ProtobufWriter().integer(1, 1)

  test.each<[string, readonly Entry[], RegExp]>([
    ['of big-endian numbers', [[0, '', header(1)]], /its numbers are big-endian/],
    ['of slices', [[0, '', header()], [0, 'w', entry().bytes(7, Buffer.of())]], /"w" is stored in slices/], // prettier-ignore
    ['of keys that share too much', [[0, '', header()], [5, 'w', entry()]], /a key shares more than there is/], // prettier-ignore
  ])('%s', (_, entries, message) => {
    const index = path.join(mkdtempSync(path.join(scratch, 'made-')), 'made.index')
    writeFileSync(index, tableOf(entries))
    expect(() => readTensorflowCheckpoint(index)).toThrow(message)
    expect(() => readTensorflowCheckpoint(index)).toThrow(index)
  })

  test('and one like them that is read', () => {
    const index = path.join(mkdtempSync(path.join(scratch, 'made-')), 'made.index')
    writeFileSync(index, tableOf([[0, '', header()], [0, 'wa', entry()], [1, 'b', entry()]])) // prettier-ignore
    expect([...readTensorflowCheckpoint(index).keys()]).toEqual(['wa', 'wb'])
  })
})

/** How much of the key before it a key shares, what it has besides, and its value. */
type Entry = readonly [shared: number, added: string, value: ProtobufWriter]

/** A leveldb table of one small block. */
function tableOf(entries: readonly Entry[]): Buffer {
  const block = (lines: readonly (readonly [number, string, Uint8Array])[]) => {
    const parts = lines.map(([shared, added, value]) =>
      Buffer.concat([Buffer.of(shared, added.length, value.length), Buffer.from(added), value]),
    )
    const content = Buffer.concat([...parts, Buffer.of(0, 0, 0, 0, 1, 0, 0, 0)])
    const trailer = Buffer.alloc(5)
    trailer.writeUInt32LE(maskedCrc32c(Buffer.concat([content, Buffer.of(0)])), 1)
    return Buffer.concat([content, trailer])
  }
  const data = block(entries.map(([shared, added, value]) => [shared, added, value.finish()]))
  const index = block([[0, 'z', Buffer.of(0, data.length - 5)]])
  const footer = Buffer.alloc(40)
  footer.set([0, 0, data.length, index.length - 5])
  return Buffer.concat([data, index, footer, TABLE_MAGIC])
}
