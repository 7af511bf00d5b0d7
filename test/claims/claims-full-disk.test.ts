import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { claimsIn } from '../../src/claims/claims.js'
import { leaveRoom } from '../helpers/limited-fs.js'

const disk = vi.hoisted(() => ({ isReadOnly: false }))

vi.mock('node:fs', async (importOriginal) => {
  const actual = await importOriginal<typeof import('node:fs')>()
  const { limitedFs } = await import('../helpers/limited-fs.js')
  const rmSync: typeof actual.rmSync = (file, options) => {
    if (disk.isReadOnly) throw Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' })
    actual.rmSync(file, options)
  }
  return { ...limitedFs(actual), rmSync }
})

const folder = mkdtempSync(path.join(tmpdir(), 'claims-full-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a claim that a full disk does not take is none, and others need not wait for it to die', async () => {
  const claims = claimsIn(folder)
  leaveRoom(folder, 0)
  expect(() => claims.claim('a')).toThrow(/^could not write .*a\.claim-1: the disk is full$/)
  expect(readdirSync(folder)).toEqual([])
  leaveRoom(folder, Infinity)
  expect(claims.claim('a')?.isHeld()).toBe(true)
  await claims.close()
})

test('a claim that a read-only disk does not let go of is no error, and stays without signs of life', async () => {
  const claims = claimsIn(folder)
  const claim = claims.claim('b')
  disk.isReadOnly = true
  expect(() => claim?.release()).not.toThrow()
  expect(readdirSync(folder)).toContain('b.claim-1')
  disk.isReadOnly = false
  // This process knows that nothing here works on it any more.
  const next = claims.claim('b')
  expect(next?.isHeld()).toBe(true)
  next?.release()
  expect(readdirSync(folder).filter((name) => name.startsWith('b.'))).toEqual([])
  await claims.close()
})
