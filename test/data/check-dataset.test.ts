import { expect, test } from 'vitest'
import { checkDataset } from '../../src/data/check-dataset.js'
import type { VideoDataset } from '../../src/data/dataset.js'

const SIZE = 2
const FRAME = SIZE * SIZE * 3

function dataset(
  length: number,
  frameCount: (video: number) => number,
  readFrames: VideoDataset['readFrames'],
) {
  return { name: 'made', split: 'train', length, T: 1, imageSize: SIZE, frameCount, readFrames } as const
}

const options = { bad: [], all: false }

test('counts the frames of more videos than a function takes arguments', async () => {
  const black = new Uint8Array(2 * FRAME)
  const many = dataset(
    150_000,
    (video) => 2 + (video % 3),
    () => Promise.resolve(black),
  )
  const { videos, frames, still } = await checkDataset(many, options)
  expect(videos).toBe(150_000)
  expect(frames).toEqual([2, 4, 450_000])
  expect(still).toHaveLength(150_000)
})

test('takes frames that are part of something larger', async () => {
  const all = new Uint8Array(4 * FRAME)
  all.fill(1, 0, FRAME)
  all.fill(2, 3 * FRAME)
  const still = dataset(1, () => 2, () => Promise.resolve(all.subarray(FRAME, 3 * FRAME))) // prettier-ignore
  expect((await checkDataset(still, options)).still).toEqual(['0'])
  const moving = dataset(1, () => 2, () => Promise.resolve(all.subarray(2 * FRAME))) // prettier-ignore
  expect((await checkDataset(moving, options)).still).toEqual([])
})

test('of no videos there are no frames', async () => {
  const none = dataset(0, () => 0, () => Promise.reject(new Error('nothing is read'))) // prettier-ignore
  expect((await checkDataset(none, options)).frames).toEqual([0, 0, 0])
})
