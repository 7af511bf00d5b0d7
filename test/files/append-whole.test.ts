import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { wholeAppender } from '../../src/files/append-whole.js'
import { leaveRoom } from '../helpers/limited-fs.js'

const disk = vi.hoisted(() => ({ canCut: true, canClose: true }))

vi.mock('node:fs', async (importOriginal) => {
  const actual = await importOriginal<typeof import('node:fs')>()
  const { limitedFs } = await import('../helpers/limited-fs.js')
  const fail = (code: string) => Object.assign(new Error(`${code}: failed`), { code })
  return {
    ...limitedFs(actual),
    ftruncateSync(fd: number, size: number) {
      if (!disk.canCut) throw fail('EIO')
      actual.ftruncateSync(fd, size)
    },
    closeSync(fd: number) {
      actual.closeSync(fd)
      if (!disk.canClose) throw fail('EDQUOT')
    },
  }
})

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-append-'))
const file = path.join(folder, 'log')
afterEach(() => {
  leaveRoom(folder, Infinity)
  Object.assign(disk, { canCut: true, canClose: true })
  rmSync(file, { force: true })
})
const text = () => readFileSync(file, 'utf8')

it('a piece that a full disk takes in part goes again, at once', () => {
  const append = wholeAppender(file)
  append(Buffer.from('one\n'))
  leaveRoom(folder, 2)
  expect(() => append(Buffer.from('two\n'))).toThrow('ENOSPC')
  expect(text()).toBe('one\n')
  leaveRoom(folder, Infinity)
  append(Buffer.from('two\n'))
  expect(text()).toBe('one\ntwo\n')
})

it('or before the next, where the disk does not let it go', () => {
  const append = wholeAppender(file)
  append(Buffer.from('one\n'))
  leaveRoom(folder, 2)
  disk.canCut = false
  expect(() => append(Buffer.from('two\n'))).toThrow('ENOSPC')
  expect(text()).toBe('one\ntw')
  expect(() => append(Buffer.from('two\n'))).toThrow('EIO')
  leaveRoom(folder, Infinity)
  disk.canCut = true
  append(Buffer.from('two\n'))
  append(Buffer.from('three\n'))
  expect(text()).toBe('one\ntwo\nthree\n')
})

it('a piece that a disk refuses only when the file is closed does not come twice', () => {
  const append = wholeAppender(file)
  disk.canClose = false
  expect(() => append(Buffer.from('one\n'))).toThrow('EDQUOT')
  disk.canClose = true
  append(Buffer.from('one\n'))
  expect(text()).toBe('one\n')
})

it('what others have added stays', () => {
  const append = wholeAppender(file)
  append(Buffer.from('one\n'))
  appendFileSync(file, 'a note\n')
  append(Buffer.from('two\n'))
  expect(text()).toBe('one\na note\ntwo\n')
})
