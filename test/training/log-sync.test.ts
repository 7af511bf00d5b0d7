import { existsSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import { startRuntime } from '../../src/runtime/start.js'
import type { DiskNews } from '../../src/training/outages/disk-news.js'
import { train } from '../../src/training/train.js'
import { temporaryFolders } from '../data/temporary.js'
import { availableBackends } from '../helpers/backends.js'
import { fakeDataset, smallConfig } from './fixtures.js'

const disk = vi.hoisted(() => ({ code: '', failures: 0 }))

// The disk of the log fails some times when it is to note what was written.
vi.mock('../../src/files/sync-to-disk.js', () => ({
  syncToDisk: (place: string) => {
    if (!place.endsWith('log.jsonl') || disk.failures-- <= 0) return
    const cause = Object.assign(new Error(disk.code), { code: disk.code })
    throw new UserError(`could not write ${place}: ${disk.code}`, { cause })
  },
}))

const newFolder = temporaryFolders()
let root = ''
const news: DiskNews[] = []
beforeAll(async () => {
  await startRuntime({ backend: availableBackends()[0] ?? 'wasm' })
})
beforeEach(() => {
  root = newFolder()
  news.length = 0
})
const run = () =>
  train({
    config: smallConfig({ max_steps: 1 }),
    dataset: fakeDataset({ videos: 3, T: 8, imageSize: 32 }),
    newRunId: 'full',
    root,
    now: () => 0,
    onDisk: (told) => news.push(told),
    savePatience: { atEnd: [1] },
  })
const isSaved = () => existsSync(path.join(root, 'full', 'model000001.pt'))

it.each([
  ['EFBIG', 1],
  ['EIO', 3],
])('what was computed is saved although the disk cannot note the log: %s', async (code, failures) => {
  Object.assign(disk, { code, failures })
  await expect(run()).rejects.toThrow(`log.jsonl: ${code}`)
  expect(isSaved()).toBe(true)
})

it('a disk that notes the log later is waited for', async () => {
  Object.assign(disk, { code: 'EIO', failures: 2 })
  await run()
  expect(isSaved()).toBe(true)
  expect(news).toMatchObject([{ kind: 'not written', what: 'the log' }, { kind: 'written again' }])
})
