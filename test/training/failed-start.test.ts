import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import type { ResolvedTrainConfig } from '../../src/training/checkpoints/save-checkpoint.js'
import { train } from '../../src/training/train.js'
import type { TrainRun } from '../../src/training/train-run.js'
import { availableBackends } from '../helpers/backends.js'
import { fakeDataset, smallConfig } from './fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-failed-start-'))
beforeAll(() => startRuntime({ backend: availableBackends()[0] ?? 'wasm' }))
afterAll(() => rmSync(root, { recursive: true }))

const run = (newRunId: string, config: Partial<ResolvedTrainConfig>, more: Partial<TrainRun> = {}) =>
  train({
    config: smallConfig(config),
    dataset: fakeDataset({ videos: 3, T: 8, imageSize: 32 }),
    newRunId,
    root,
    ...more,
  })

it('leaves no tensors behind where the videos are others', async () => {
  const videos = [0, 1, 2].map((i) => ({ name: `video_${i}.pt`, bytes: 10, frames: 14 }))
  const dataset = (entries: typeof videos) => ({
    ...fakeDataset({ videos: 3, T: 8, imageSize: 32 }),
    videos: entries,
  })
  await run('videos', { max_steps: 1 }, { dataset: dataset(videos) })
  const tensors = tf.memory().numTensors
  const others = { dataset: dataset(videos.with(1, { name: 'other.pt', bytes: 10, frames: 14 })) }
  await expect(run('', { max_steps: 2, resume_id: 'videos' }, others)).rejects.toThrow(/gone: video_1.pt/)
  expect(tf.memory().numTensors).toBe(tensors)
})

it('leaves no tensors behind where its history of losses is for other diffusion steps', async () => {
  const options = { schedule_sampler: 'loss-second-moment', max_steps: 1 } as const
  const { folder } = await run('history', options)
  const state = path.join(folder, 'state000001.json')
  const saved = JSON.parse(readFileSync(state, 'utf8')) as { timesteps: { history: unknown[] } }
  saved.timesteps.history.pop()
  writeFileSync(state, JSON.stringify(saved))
  const tensors = tf.memory().numTensors
  const again = run('', { ...options, max_steps: 2, resume_id: 'history' })
  await expect(again).rejects.toThrow('the saved loss history is for 31 diffusion steps, not 32')
  expect(tf.memory().numTensors).toBe(tensors)
})
