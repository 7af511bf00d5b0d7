import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { claimsIn } from '../../../src/claims/claims.js'
import { scheduleStore } from '../../../src/sampling/optimal-schedule/schedule-store.js'
import { readSchedule, scheduleFiles } from '../../../src/sampling/results/schedule-files.js'
import { temporaryFolders } from '../../data/temporary.js'

const newFolder = temporaryFolders()

test('while another process changes the files, they are waited for', async () => {
  const folder = newFolder()
  const [claims, others] = [claimsIn(folder), claimsIn(folder)]
  const other = others.claim('files')
  const store = scheduleStore(folder, claims, { seed: 0 })
  const kept = store.keep(1, [3])
  await setTimeout(60)
  expect(store.chosen(1)).toEqual([])
  other?.release()
  await kept
  expect(store.chosen(1)).toEqual([3])
  await Promise.all([claims.close(), others.close()])
})

test('of two files one may be all there is: the other is made', async () => {
  const folder = newFolder()
  const claims = claimsIn(folder)
  const store = scheduleStore(folder, claims, { seed: 0 })
  await store.finish(0, [3, 1])
  const { torch, json } = scheduleFiles(folder).finished
  for (const file of [torch, json]) {
    rmSync(file)
    await store.open(true)
    expect(readSchedule(file)).toEqual(new Map([[0, [1, 3]]]))
  }
  await claims.close()
})

/** A process of another machine that has the files: it cannot be seen whether it is alive. */
function heldFolder(): string {
  const folder = newFolder()
  writeFileSync(path.join(folder, 'files.claim-1'), JSON.stringify({ machine: 'another', pid: 1 }))
  return folder
}

test('files that another process has for long are waited for until the person stops it', async () => {
  const folder = heldFolder()
  const claims = claimsIn(folder)
  const abort = new AbortController()
  const reason = new Error('stopped')
  let held = 0
  const onHeld = () => {
    held += 1
    setImmediate(() => abort.abort(reason))
  }
  const store = scheduleStore(folder, claims, { seed: 0 }, { onHeld, signal: abort.signal })
  for (const change of [() => store.open(true), () => store.keep(1, [3]), () => store.finish(1, [3])])
    await expect(change()).rejects.toBe(reason)
  expect(held).toBe(1)
  expect(readdirSync(folder)).toEqual(['files.claim-1'])
  await claims.close()
})

test('files that another process has for long are left to it where nothing is waited for', async () => {
  const folder = heldFolder()
  const claims = claimsIn(folder)
  expect(await scheduleStore(folder, claims, { seed: 0 }).open(false)).toBe(false)
  expect(readdirSync(folder)).toEqual(['files.claim-1'])
  await claims.close()
})
