import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import type { Tracker } from '../../src/tracking/tracker.js'
import { train } from '../../src/training/train.js'
import type { TrainRun } from '../../src/training/train-run.js'
import { availableBackends } from '../helpers/backends.js'
import { fakeDataset, smallConfig } from './fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-trackers-'))
beforeAll(() => startRuntime({ backend: availableBackends()[0] ?? 'wasm' }))
afterAll(() => rmSync(root, { recursive: true }))

const run = (newRunId: string, more: Partial<TrainRun>) =>
  train({
    config: smallConfig({ max_steps: 1, num_workers: 0 }),
    dataset: fakeDataset({ videos: 3, T: 8, imageSize: 32 }),
    newRunId,
    root,
    ...more,
  })

/** Trackers that note how they are closed, of which the first cannot be. */
function trackers(closed: string[]): readonly Tracker[] {
  const fails = (outcome: string) => {
    closed.push(`first ${outcome}`)
    throw new Error('it cannot be closed')
  }
  const second = (outcome: string) => void closed.push(`second ${outcome}`)
  return [
    { log: () => undefined, close: fails },
    { log: () => undefined, close: second },
  ]
}

it('are all closed, where one cannot be too, and an error of the run is the one that is told', async () => {
  const closed: string[] = []
  const onStep = () => {
    throw new Error('the screen is gone')
  }
  await expect(run('fails', { trackers: trackers(closed), onStep })).rejects.toThrow('the screen is gone')
  expect(closed).toEqual(['first failed', 'second failed'])
  await expect(run('works', { trackers: trackers(closed) })).rejects.toThrow('it cannot be closed')
  expect(closed.slice(2)).toEqual(['first finished', 'second finished'])
})

it('are closed where one of them takes not even the first line', async () => {
  const closed: string[] = []
  const { numTensors } = tf.memory()
  const full: Tracker = {
    log: () => {
      throw new Error('the disk is full')
    },
  }
  const opened = { openTrackers: () => [full, ...trackers(closed)] }
  await expect(run('full', opened)).rejects.toThrow('the disk is full')
  expect(closed).toEqual(['first failed', 'second failed'])
  expect(tf.memory().numTensors).toBe(numTensors)
})
