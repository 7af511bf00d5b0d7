import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { isPassing } from '../../src/files/passing-failure.js'
import { bootId, machineName } from '../../src/machine.js'
import { claimRun } from '../../src/training/claim-run.js'

let folder = ''
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), 'fdm-claim-')), 'abc')
})
afterEach(() => rmSync(path.dirname(folder), { recursive: true }))

const place = () => ({ runId: 'abc', folder })
/** A claim of another process. */
function others(holder: object, n = 1): string {
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `.training.claim-${n}`)
  writeFileSync(file, JSON.stringify(holder))
  return file
}

it('one process has a run, and leaves nothing of its claim', async () => {
  const claim = await claimRun(place())
  expect(readdirSync(folder)).toEqual(['.training.claim-1'])
  expect(() => claim.requireHeld()).not.toThrow()
  writeFileSync(path.join(folder, 'log.jsonl'), '')
  await claim.release()
  expect(readdirSync(folder)).toEqual(['log.jsonl'])
})

it('a new run of which nothing came leaves no folder', async () => {
  await (await claimRun(place())).release()
  expect(readdirSync(path.dirname(folder))).toEqual([])
})

it('refuses a run as soon as its other process shows that it is alive', async () => {
  const file = others({ machine: 'node7', pid: 12 })
  let waited = 0
  const onOther = () => {
    waited++
    setTimeout(() => utimesSync(file, new Date(), new Date(Date.now() + 5000)), 100)
  }
  const claim = claimRun(place(), { onOther })
  await expect(claim).rejects.toThrow(UserError)
  await expect(claim).rejects.toThrow('run abc is being trained by process 12 on node7: wait until it ends')
  expect([waited, readdirSync(folder)]).toEqual([1, ['.training.claim-1']])
})

it('takes over at once from a process of this machine that is gone, else when there was no sign of life', async () => {
  others({ machine: machineName(), boot: bootId(), pid: 2 ** 22 + 1 })
  const onOther = () => expect.unreachable('there is nobody to wait for')
  await (await claimRun(place(), { onOther })).release()
  others({ machine: 'node7', pid: 12 })
  const claim = await claimRun(place(), { claims: { deadAfter: 500 } })
  expect(readdirSync(folder).sort()).toEqual(['.training.claim-1', '.training.claim-2'])
  // And is taken over itself.
  const next = others({ machine: 'node8', pid: 13 }, 3)
  expect(() => claim.requireHeld()).toThrow('another process has taken over run abc')
  await claim.release()
  expect(readdirSync(folder).map((name) => path.join(folder, name))).toContain(next)
})

it('a folder that cannot be written to is named', async () => {
  writeFileSync(folder, '')
  await expect(claimRun(place())).rejects.toThrow(`could not write to ${folder}`)
})

it("a folder that is gone may come back, or be made anew, but not with what is another process's", async () => {
  const claim = await claimRun(place())
  const aside = `${folder}-aside`
  renameSync(folder, aside)
  expect(isPassing(failureOf(() => claim.requireHeld()))).toBe(true)
  expect(() => claim.requireHeld()).toThrow(/the folder of the run, .*abc, is gone: put it back/)
  expect(existsSync(folder)).toBe(false)
  renameSync(aside, folder)
  expect(() => claim.requireHeld()).not.toThrow()

  rmSync(folder, { recursive: true })
  mkdirSync(folder)
  expect(() => claim.requireHeld()).not.toThrow()
  expect(readdirSync(folder)).toEqual(['.training.claim-1'])

  rmSync(path.join(folder, '.training.claim-1'))
  writeFileSync(path.join(folder, 'model000001.pt'), '')
  const failure = failureOf(() => claim.requireHeld())
  expect([isPassing(failure), String(failure)]).toEqual([
    false,
    expect.stringContaining('has taken over run abc'),
  ])
  await claim.release()
})

function failureOf(work: () => void): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}
