import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bootId, machineName } from '../../src/machine.js'
import { claimsIn, type Claims } from '../../src/claims/claims.js'

const DEAD_AFTER = 1000
/** No process has it: it is above what Linux gives. */
const NO_PID = 2 ** 22 + 1
/** A process of this machine that is gone. */
const gone = { machine: machineName(), boot: bootId(), pid: NO_PID }

let folder: string
let now = 0
let claims: Claims
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), 'claims-')), 'inner')
  claims = claimsIn(folder, { heartbeat: 20, deadAfter: DEAD_AFTER, clock: () => now })
})
afterEach(async () => {
  await claims.close()
  rmSync(path.dirname(folder), { recursive: true })
})

/** A claim of another process. */
function others(name: string, holder: unknown = { machine: 'other', pid: 1 }): string {
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, name)
  writeFileSync(file, typeof holder === 'string' ? holder : JSON.stringify(holder))
  return file
}

const beat = (file: string) => utimesSync(file, new Date(), statSync(file).mtimeMs / 1000 + 1)

test('one has a claim at a time, until it is released', () => {
  const claim = claims.claim('a')
  expect(claim?.isHeld()).toBe(true)
  expect(claims.claim('a')).toBeUndefined()
  expect(claimsIn(folder).claim('a')).toBeUndefined()
  expect(claims.claim('b')?.isHeld()).toBe(true)
  claim?.release()
  expect(claim?.isHeld()).toBe(false)
  expect(readdirSync(folder)).toEqual(['b.claim-1'])
  const again = claims.claim('a')
  claim?.release()
  expect(again?.isHeld()).toBe(true)
})

test('a claim of a process of this machine that is gone is taken over at once', () => {
  others('a.claim-1', gone)
  others('b.claim-1', { ...gone, pid: process.ppid })
  others('c.claim-1', { ...gone, machine: 'other' })
  // A process before this one that had the same number, as the first of a container has.
  others('d.claim-1', { ...gone, pid: process.pid })
  const taken = ['a', 'b', 'c', 'd'].map((name) => claims.claim(name))
  expect(taken.map((claim) => claim !== undefined)).toEqual([true, false, false, true])
  expect(readdirSync(folder)).toContain('a.claim-2')
  taken[0]?.release()
  expect(readdirSync(folder).filter((name) => name.startsWith('a'))).toEqual([])
})

test('claims say which start of which machine they are of', () => {
  claims.claim('a')
  const { machine, boot, pid } = JSON.parse(
    readFileSync(path.join(folder, 'a.claim-1'), 'utf8'),
  ) as typeof gone
  expect({ machine, boot, pid }).toEqual({ ...gone, pid: process.pid })
})

test.each([
  { machine: 'other', pid: 1 },
  '',
  '{"machine": 5}',
  // Another machine of this one's name, or this one before it was started anew: none of its processes is seen here.
  { ...gone, boot: '01234567-89ab-4cde-8f01-23456789abcd' },
  { ...gone, boot: '01234567-89ab-4cde-8f01-23456789abcd', pid: process.pid },
  // An earlier version's, which may be of either.
  ...(bootId() === undefined ? [] : [{ ...gone, boot: undefined }]),
])('a claim of %j is taken over when it has shown no life while it was watched', (holder) => {
  const file = others('a.claim-4', holder)
  utimesSync(file, 0, 0)
  expect(claims.claim('a')).toBeUndefined()
  now += DEAD_AFTER
  expect(claims.claim('a')).toBeUndefined()
  beat(file)
  now += 1
  expect(claims.claim('a')).toBeUndefined()
  now += DEAD_AFTER + 1
  expect(claims.claim('a')?.isHeld()).toBe(true)
  expect(readdirSync(folder).sort()).toEqual(['a.claim-4', 'a.claim-5'])
})

test('of two that take over, the second finds that it came second', () => {
  others('a.claim-1', gone)
  others('a.claim-2')
  expect(claims.claim('a')).toBeUndefined()
  rmSync(path.join(folder, 'a.claim-2'))
  const claim = claims.claim('a')
  expect(claim?.isHeld()).toBe(true)
  others('a.claim-3')
  expect(claim?.isHeld()).toBe(false)
  claim?.release()
  expect(readdirSync(folder).sort()).toEqual(['a.claim-1', 'a.claim-3'])
})

test('a claim made between the look and the claim wins', () => {
  others('a.claim-1', gone)
  const held = claimsIn(folder, {
    clock() {
      // Asked for the time that goes into the claim: after the look.
      if (!existsSync(path.join(folder, 'a.claim-7'))) others('a.claim-7')
      return 0
    },
  })
  expect(held.claim('a')).toBeUndefined()
  expect(readdirSync(folder).sort()).toEqual(['a.claim-1', 'a.claim-7'])
})

test('one look is enough to try many claims, and takes none of what others claim after it', () => {
  others('a.claim-1', gone)
  others('b.claim-1')
  others('e.claim-1', gone)
  const tryClaim = claims.look()
  others('c.claim-1')
  // Taken over and released, and claimed anew.
  rmSync(path.join(folder, 'e.claim-1'))
  others('e.claim-3')
  expect(['a', 'b', 'c', 'd', 'e'].map((name) => tryClaim(name)?.isHeld())).toEqual([
    true,
    undefined,
    undefined,
    true,
    undefined,
  ])
  expect(readdirSync(folder).sort()).toEqual([
    'a.claim-1',
    'a.claim-2',
    'b.claim-1',
    'c.claim-1',
    'd.claim-1',
    'e.claim-3',
  ])
})

test('what others claim by the name of a claim that was lost is not taken for it', () => {
  const claim = claims.claim('a')
  rmSync(path.join(folder, 'a.claim-1'))
  claim?.release()
  others('a.claim-1')
  expect(claims.claim('a')).toBeUndefined()
  now += DEAD_AFTER + 1
  expect(claims.claim('a')?.isHeld()).toBe(true)
})

test('signs of life go on while this thread is busy, and end with the claim', async () => {
  const claim = claims.claim('a')
  const file = path.join(folder, 'a.claim-1')
  const changed = () => statSync(file).mtimeMs
  const first = changed()
  await expect.poll(changed).toBeGreaterThan(first)
  const before = changed()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  expect(changed()).toBeGreaterThan(before)
  claim?.release()
  expect(existsSync(file)).toBe(false)
})
