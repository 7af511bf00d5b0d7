import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import path from 'node:path'
import { expect, it, vi } from 'vitest'
import { wholeLines } from '../../src/files/whole-lines.js'
import { temporaryFolder } from '../torch-file/handmade.js'

const file = path.join(temporaryFolder(), 'log.jsonl')
const read = () => [...wholeLines(file)]

it('gives lines and where they end, but not what has no end', () => {
  writeFileSync(file, '{}\n\nä\nrest')
  expect(read()).toEqual([
    { text: '{}', end: 3 },
    { text: '', end: 4 },
    { text: 'ä', end: 7 },
  ])
  rmSync(file)
  expect(read()).toEqual([])
})

it('joins what lies in several pieces, a letter of two bytes at a border too', () => {
  const long = `${'x'.repeat(2 ** 20 - 1)}ä${'y'.repeat(2 ** 21)}`
  writeFileSync(file, `a\n${long}\n${long.slice(1)}\nb\n`)
  expect(read().map(({ text }) => text)).toEqual(['a', long, long.slice(1), 'b'])
  expect(read().at(-1)?.end).toBe(2 * (2 ** 20 + 2 ** 21) + 7)
})

it('copies each byte of a line without an end at most once', () => {
  const fd = openSync(file, 'w')
  for (let i = 0; i < 32; i++) writeSync(fd, Buffer.alloc(2 ** 20, 'x'))
  closeSync(fd)
  const concat = vi.spyOn(Buffer, 'concat')
  expect(read()).toEqual([])
  const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0)
  concat.mockRestore()
  expect(copied).toBeLessThanOrEqual(32 * 2 ** 20)
})
