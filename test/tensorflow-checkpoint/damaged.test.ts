import { cpSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
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
  const size = readFileSync(path.join(WRITTEN, 'variables.index')).length
  const index = path.join(WRITTEN, 'variables.index')
  const intact = JSON.stringify([...readTensorflowCheckpoint(index)])
  for (let at = 0; at < size; at++) {
    const file = changed('variables.index', flipped(at))
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
