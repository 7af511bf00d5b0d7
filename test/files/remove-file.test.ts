import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { removeOrLater } from '../../src/files/remove-file.js'
import { writeFileAtomic } from '../../src/files/write-file.js'

const disk = vi.hoisted(() => ({ isFull: false, canRemove: true }))

/** A disk that at times takes nothing, or lets nothing be removed. */
vi.mock('node:fs', async (importOriginal) => {
  const actual = await importOriginal<typeof import('node:fs')>()
  const look = (isFine: boolean) => {
    if (!isFine) throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' })
  }
  return {
    ...actual,
    writeSync: (fd: number, data: Uint8Array) => (look(!disk.isFull), actual.writeSync(fd, data)),
    rmSync(file: string, options: object) {
      look(disk.canRemove)
      actual.rmSync(file, options)
    },
  }
})

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-remove-'))
const at = (name: string) => path.join(folder, name)
afterAll(() => rmSync(folder, { recursive: true }))

it('what could not be removed goes when something is written next, and the first failure is told', () => {
  Object.assign(disk, { isFull: true, canRemove: false })
  for (const name of ['a', 'b'])
    expect(() => writeFileAtomic(at(name), 'text')).toThrow(/could not write .*[ab]: the disk is read-only/)
  expect(readdirSync(folder).map((name) => name.slice(0, 3))).toEqual(['.a.', '.b.'])
  Object.assign(disk, { isFull: false, canRemove: true })
  writeFileAtomic(at('c'), 'text')
  expect(readdirSync(folder)).toEqual(['c'])
})

it('what is there anew stays', () => {
  writeFileAtomic(at('d'), 'old')
  disk.canRemove = false
  removeOrLater(at('d'))
  writeFileAtomic(at('d'), 'new')
  disk.canRemove = true
  writeFileAtomic(at('e'), 'text')
  expect(readdirSync(folder)).toEqual(['c', 'd', 'e'])
})
