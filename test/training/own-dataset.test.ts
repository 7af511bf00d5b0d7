import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { VideoDataset } from '../../src/data/dataset.js'
import { UserError } from '../../src/errors.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { train } from '../../src/training/train.js'
import { fakeDataset, smallConfig } from './fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-own-dataset-'))
beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})
afterAll(() => rmSync(root, { recursive: true }))

const right = fakeDataset({ videos: 3, T: 8, imageSize: 32 })
const half = async (video: number, frames: readonly number[]) =>
  (await right.readFrames(video, frames)).subarray(frames.length * 32 * 32)
const scaled = async (video: number, frames: readonly number[]) =>
  Float32Array.from(await right.readFrames(video, frames))

it.each<[object, RegExp]>([
  [{}, /train takes as dataset what openDataset gives, or one's own, not an object without members/],
  [{ ...right, length: 0 }, /^train: the data set fake has no video$/],
  [{ ...right, length: 1.5 }, /a data set whose length is an integer, not 1\.5/],
  [{ ...right, imageSize: 0 }, /a data set whose imageSize is an integer of at least 1, not 0/],
  [{ ...right, T: undefined }, /a data set whose T is an integer, not undefined/],
  [{ ...right, frameCount: () => 7 }, /video 0 of fake has 7 frames, fewer than T = 8/],
  [{ ...right, frameCount: () => NaN }, /video 0 of fake has NaN frames/],
  [
    { ...right, readFrames: half },
    /what fake gave for \d+ frames of video \d is no Uint8Array of \d+ values/,
  ],
  [{ ...right, readFrames: scaled }, /is no Uint8Array of \d+ values/],
])('a data set that cannot be trained on is an error, not black frames (%#)', async (dataset, message) => {
  const tensors = tf.memory().numTensors
  const run = train({
    config: smallConfig({ max_steps: 1, num_workers: 0 }),
    dataset: dataset as VideoDataset,
    newRunId: path.basename(mkdtempSync(path.join(root, 'run-'))),
    root,
    now: () => 0,
  })
  const error: unknown = await run.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(UserError)
  expect(error).toHaveProperty('message', expect.stringMatching(message))
  expect(tf.memory().numTensors).toBe(tensors)
})
