import { rmSync } from 'node:fs'
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
    await store.open()
    expect(readSchedule(file)).toEqual(new Map([[0, [1, 3]]]))
  }
  await claims.close()
})
