import { truncateSync } from 'node:fs'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { expect, it, onTestFinished, vi } from 'vitest'
import { readInThreads } from '../../src/data/read-in-threads.js'
import { openDataset } from '../../src/data/registry.js'
import { UserError } from '../../src/errors.js'
import { batchSource } from '../../src/training/batches/batch-source.js'
import { readAhead } from '../../src/training/batches/read-ahead.js'
import { fakeDataset } from '../training/fixtures.js'
import { temporaryFolders, writeVideo } from './temporary.js'

const newFolder = temporaryFolders()
const SIZE = 8
const VIDEOS = 5

function openVideos(dataRoot?: string) {
  const dataDir = newFolder()
  for (let i = 0; i <= VIDEOS; i++)
    writeVideo(path.join(dataDir, `${i}.${i % 2 === 0 ? 'npy' : 'pt'}`), 20 + i, SIZE, i)
  const options = { name: 'folder', split: 'train', dataDir, T: 12, imageSize: SIZE, dataRoot } as const
  return openDataset(options).then((dataset) => ({ dataset, dataDir }))
}

it.each([1, 3])('gives the batches that it gives without, with %i threads', async (threads) => {
  const { dataset } = await openVideos(newFolder())
  const threaded = readInThreads(dataset, threads)
  onTestFinished(() => threaded.close())
  expect(threaded.dataset).not.toBe(dataset)
  const config = { batch_size: 2, microbatch: -1, max_frames: 6, pad_with_random_frames: true, seed: 3 }
  const plain = batchSource(dataset, config)
  const ahead = readAhead(batchSource(threaded.dataset, config), 3, 6)
  for (let step = 0; step < 6; step++) expect(await ahead(step)).toEqual(await plain(step))
})

it('reads where it is asked to without threads, or without files', async () => {
  const { dataset } = await openVideos()
  expect(readInThreads(dataset, 0).dataset).toBe(dataset)
  const fake = fakeDataset()
  expect(readInThreads(fake, 2).dataset).toBe(fake)
})

it('hands requests to the threads at once, as this one may be busy from then on', async () => {
  const { dataset } = await openVideos()
  const threaded = readInThreads(dataset, 2)
  onTestFinished(() => threaded.close())
  const post = vi.spyOn(Worker.prototype, 'postMessage')
  const requests = Array.from({ length: 12 }, (_, i) => threaded.dataset.readFrames(i % VIDEOS, [i]))
  expect(post).toHaveBeenCalledTimes(12)
  expect(new Set(post.mock.contexts).size).toBe(2)
  post.mockRestore()
  expect(await Promise.all(requests)).toHaveLength(12)
})

it('passes errors on as they are, and goes on', async () => {
  const { dataset, dataDir } = await openVideos()
  const threaded = readInThreads(dataset, 1)
  onTestFinished(() => threaded.close())
  truncateSync(path.join(dataDir, '2.npy'), 300)
  const error = await threaded.dataset.readFrames(2, [19]).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UserError)
  expect((error as UserError).message).toContain('2.npy is truncated')
  await expect(threaded.dataset.readFrames(2, [99])).rejects.toBeInstanceOf(RangeError)
  expect(await threaded.dataset.readFrames(1, [4])).toEqual(await dataset.readFrames(1, [4]))
})

it('ends with requests under way', async () => {
  const { dataset } = await openVideos()
  const threaded = readInThreads(dataset, 2)
  const never = threaded.dataset.readFrames(0, [1]).then(() => 'read')
  await threaded.close()
  await expect(
    Promise.race([never, new Promise((resolve) => setTimeout(resolve, 50, 'ended'))]),
  ).resolves.toBe('ended')
})
