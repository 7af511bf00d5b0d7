import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { claimsIn } from '../../src/claims/claims.js'

/** What is read of a file that another machine has just removed. */
const disk = vi.hoisted(() => ({ stale: '' }))

vi.mock('node:fs', async (importOriginal) => {
  const actual = await importOriginal<typeof import('node:fs')>()
  const readFileSync = (file: string, encoding: 'utf8') => {
    if (disk.stale === '' || !file.endsWith(disk.stale)) return actual.readFileSync(file, encoding)
    throw Object.assign(new Error('ESTALE: stale NFS file handle, read'), { code: 'ESTALE' })
  }
  return { ...actual, readFileSync }
})

const folder = mkdtempSync(path.join(tmpdir(), 'claims-network-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a claim that another machine releases while it is read is none', async () => {
  const claims = claimsIn(folder)
  writeFileSync(path.join(folder, 'a.claim-1'), JSON.stringify({ machine: 'another', pid: 1 }))
  expect(claims.claim('a')).toBeUndefined()
  writeFileSync(path.join(folder, 'a.claim-2'), JSON.stringify({ machine: 'another', pid: 1 }))
  rmSync(path.join(folder, 'a.claim-1'))
  disk.stale = 'a.claim-2'
  expect(claims.claim('a')?.isHeld()).toBe(true)
  await claims.close()
})
