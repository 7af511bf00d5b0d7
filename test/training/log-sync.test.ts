import { existsSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import { startRuntime } from '../../src/runtime/start.js'
import { train } from '../../src/training/train.js'
import { temporaryFolders } from '../data/temporary.js'
import { availableBackends } from '../helpers/backends.js'
import { fakeDataset, smallConfig } from './fixtures.js'

// The disk of the log is full when it is to note what was written.
vi.mock('../../src/files/sync-to-disk.js', () => ({
  syncToDisk: (place: string) => {
    if (place.endsWith('log.jsonl')) throw new UserError(`could not write ${place}: the disk is full`)
  },
}))

const newFolder = temporaryFolders()
beforeAll(async () => {
  await startRuntime({ backend: availableBackends()[0] ?? 'wasm' })
})

it('what was computed is saved although the disk cannot note the log', async () => {
  const root = newFolder()
  const run = train({
    config: smallConfig({ max_steps: 1 }),
    dataset: fakeDataset({ videos: 3, T: 8, imageSize: 32 }),
    newRunId: 'full',
    root,
    now: () => 0,
  })
  await expect(run).rejects.toThrow(/log.jsonl: the disk is full/)
  expect(existsSync(path.join(root, 'full', 'model000001.pt'))).toBe(true)
})
