import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { VideoEntry } from '../../../src/data/dataset.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { changedVideos, videoList } from '../../../src/training/batches/video-list.js'
import { train } from '../../../src/training/train.js'
import { fakeDataset, smallConfig } from '../fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-videos-'))
afterAll(() => rmSync(root, { recursive: true }))
beforeAll(() => startRuntime({ backend: 'auto' }))

const entries: readonly VideoEntry[] = ['a.pt', 'b.pt', 'c.pt'].map((name, i) => ({
  name,
  bytes: 100 + i,
  frames: 14,
}))
const datasetOf = (videos: readonly VideoEntry[]) => ({
  ...fakeDataset({ videos: videos.length, T: 8, imageSize: 32 }),
  videos,
})
const listOf = (videos: readonly VideoEntry[]) => videoList(datasetOf(videos))

it('says what has changed', () => {
  const before = JSON.parse(JSON.stringify(listOf(entries))) as unknown
  const changed = (videos: readonly VideoEntry[]) => changedVideos(before, listOf(videos))
  expect(changed(entries)).toBeUndefined()
  expect(changed([...entries, { name: 'd.pt', bytes: 1, frames: 14 }])).toBe(
    '3 videos then, 4 now; new: d.pt',
  )
  expect(changed(entries.slice(1))).toBe('3 videos then, 2 now; gone: a.pt')
  expect(changed(entries.map((entry, i) => ({ ...entry, frames: i === 1 ? 15 : 14 })))).toMatch(
    /now; of another size: b\.pt$/,
  )
  expect(changed(entries.map((entry) => ({ ...entry, name: `x${entry.name}` })))).toMatch(
    /; gone: a.pt, b.pt, c.pt; new: xa/,
  )
  expect(changed([...entries].reverse())).toMatch(/their order is another/)
  const many = Array.from({ length: 6000 }, (_, i) => ({ name: `${i}.pt`, bytes: 1, frames: 1 }))
  expect(listOf(many)?.videos).toBeUndefined()
  expect(changedVideos(listOf(many), listOf(many.slice(1)))).toBe('6000 videos then, 5999 now')
  // What is not known is not blamed.
  expect(changedVideos(undefined, listOf(entries))).toBeUndefined()
  expect(changedVideos({ count: 'x' }, listOf(entries))).toBeUndefined()
  expect(changedVideos(before, videoList(fakeDataset()))).toBeUndefined()
})

it('a resumed run notices, and goes on only if that is asked for', async () => {
  const run = (videos: readonly VideoEntry[], changes: Parameters<typeof smallConfig>[0]) =>
    train({ config: smallConfig(changes), dataset: datasetOf(videos), newRunId: 'run', root, now: () => 0 })
  await run(entries, { max_steps: 1 })
  const other = entries.slice(0, 2)
  const next = { max_steps: 2, resume_id: 'run' }
  await expect(run(other, next)).rejects.toThrow(
    /not those that this run was trained on \(3 videos then, 2 now; gone: c\.pt\): .*--allow_changed_data/,
  )
  expect((await run(entries, { ...next, max_steps: 1 })).step).toBe(1)
  expect((await run(other, { ...next, max_steps: 1, allow_changed_data: true })).step).toBe(1)
  // A file of an older version does not say.
  const state = path.join(root, 'run', 'state000001.json')
  const { videos, ...rest } = JSON.parse(readFileSync(state, 'utf8')) as { readonly videos: unknown }
  expect(videos).toMatchObject({ count: 3 })
  writeFileSync(state, JSON.stringify(rest))
  expect((await run(other, { ...next, max_steps: 1 })).step).toBe(1)
  // Another run that starts from a checkpoint has data of its own.
  const file = path.join(root, 'run', 'model000001.pt')
  const fresh = {
    config: smallConfig({ max_steps: 1, resume_checkpoint: file }),
    newRunId: 'other',
    root,
    now: () => 0,
  }
  expect((await train({ ...fresh, dataset: datasetOf(other) })).step).toBe(1)
})
