import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { hostRandom } from '../../../src/random.js'
import { makeBatch, type Batch } from '../../../src/training/batches/batch.js'
import { batchSource } from '../../../src/training/batches/batch-source.js'
import { batchVideos } from '../../../src/training/batches/batch-videos.js'
import { readItem } from '../../../src/training/batches/item.js'
import { fakeDataset, pixelOf } from '../fixtures.js'

const options = { batch_size: 2, microbatch: -1, max_frames: 6, pad_with_random_frames: true, seed: 3 }
const firstPixel = ({ shape, pixels }: Batch, b: number, t: number) => pixels[(b * shape[1] + t) * 48] ?? NaN

describe('padding with frames of a second video', () => {
  it('fills up to K rows; masks of padding are 0, and it is trained on as latent frames are', async () => {
    const source = batchSource(fakeDataset(), options)
    let padded = 0
    for (let step = 0; step < 30; step++) {
      const [batch, ...more] = await source(step)
      if (!batch) throw new Error('no batch')
      expect(more).toEqual([])
      expect(batch.shape).toEqual([2, 6, 4, 4, 3])
      for (let b = 0; b < 2; b++) {
        const video = Math.floor(firstPixel(batch, b, 0) / 16)
        const start = firstPixel(batch, b, 0) - pixelOf(video, batch.frameIndices[b * 6] ?? NaN)
        let lastPosition = -1
        for (let t = 0; t < 6; t++) {
          const at = b * 6 + t
          const [obs, latent] = [batch.obsMask[at] ?? NaN, batch.latentMask[at] ?? NaN]
          expect(batch.lossMask[at]).toBe(1 - obs)
          const position = batch.frameIndices[at] ?? NaN
          expect(position >= 0 && position < 10).toBe(true)
          if (obs + latent === 0) {
            padded++
            expect(Math.floor(firstPixel(batch, b, t) / 16)).not.toBe(video)
          } else {
            expect(obs + latent).toBe(1)
            expect(firstPixel(batch, b, t)).toBe(pixelOf(video, start + position))
            expect(position).toBeGreaterThan(lastPosition)
            lastPosition = position
          }
        }
      }
    }
    expect(padded).toBeGreaterThan(0)
  })

  it('never has more rows than a window has frames', async () => {
    const [batch] = await batchSource(fakeDataset({ T: 5 }), { ...options, max_frames: 20 })(0)
    expect(batch?.shape[1]).toBe(5)
  })
})

describe('padding with frame 0', () => {
  it('makes micro-batches equally long, of a few lengths, and is out of masks and loss', async () => {
    const padFirst = { ...options, pad_with_random_frames: false }
    const source = batchSource(fakeDataset(), padFirst)
    const microSource = batchSource(fakeDataset(), { ...padFirst, microbatch: 1 })
    let padded = 0
    for (let step = 0; step < 20; step++) {
      const [batch] = await source(step)
      const micro = await microSource(step)
      if (!batch) throw new Error('no batch')
      expect(micro.map(({ shape }) => shape[0])).toEqual([1, 1])
      expect(micro.map(({ shape }) => shape[1])).toEqual([batch.shape[1], batch.shape[1]])
      // Quarters of six frames.
      expect([2, 3, 5, 6]).toContain(batch.shape[1])
      batch.lossMask.forEach((loss, i) => expect(loss).toBe(batch.latentMask[i]))
      for (let b = 0; b < 2; b++) {
        const start = firstPixel(batch, b, 0) - (batch.frameIndices[b * batch.shape[1]] ?? NaN)
        for (let t = 0; t < batch.shape[1]; t++) {
          const at = b * batch.shape[1] + t
          if (batch.obsMask[at] === 1 || batch.latentMask[at] === 1) continue
          padded++
          expect(batch.frameIndices[at]).toBe(0)
          expect(firstPixel(batch, b, t)).toBe(start)
        }
      }
    }
    expect(padded).toBeGreaterThan(0)
  })
})

describe('several processes', () => {
  /** Rows of a batch's arrays, one list per video. */
  const rows = ({ shape: [B], ...arrays }: Batch) =>
    Array.from({ length: B }, (_, b) =>
      Object.values(arrays).map((array) => [
        ...array.slice((b * array.length) / B, ((b + 1) * array.length) / B),
      ]),
    )

  it.each([
    [true, 1],
    [false, 1],
    [true, 2],
    [false, 2],
  ])('each get their part of the common batch (random padding %s, %i videos each)', async (random, size) => {
    const config = { ...options, pad_with_random_frames: random, max_frames: 5 }
    const dataset = () => fakeDataset({ videos: 9 })
    const alone = batchSource(dataset(), { ...config, batch_size: 3 * size })
    const parts = [0, 1, 2].map((rank) =>
      batchSource(dataset(), { ...config, batch_size: size }, { rank, ranks: 3 }),
    )
    for (let step = 0; step < 12; step++) {
      const [whole] = await alone(step)
      const shares = await Promise.all(parts.map((part) => part(step)))
      if (!whole) throw new Error('no batch')
      expect(shares.flat().map(({ shape }) => shape[1])).toEqual([1, 1, 1].map(() => whole.shape[1]))
      expect(shares.flat().flatMap(rows)).toEqual(rows(whole))
    }
  })

  it('know where the videos of all come from, without reading', async () => {
    const config = { ...options, pad_with_random_frames: false, max_frames: 5 }
    const dataset = fakeDataset({ videos: 9 })
    const videosOf = batchVideos(dataset, config, 2)
    for (let step = 0; step < 6; step++) {
      const videos = videosOf(step)
      expect(dataset.reads.splice(0)).toEqual([])
      const parts = [0, 1].map((rank) => batchSource(dataset, config, { rank, ranks: 2 })(step))
      const batches = (await Promise.all(parts)).flat()
      const first = batches.flatMap((batch) =>
        [0, 1].map((b) => firstPixel(batch, b, 0) - (batch.frameIndices[b * batch.shape[1]] ?? NaN)),
      )
      expect(videos.map(({ video, start }) => pixelOf(video, start))).toEqual(first)
      dataset.reads.splice(0)
    }
    expect(batchVideos(dataset, options, 2)(3)).toEqual(
      batchVideos(dataset, { ...options, batch_size: 4 }, 1)(3),
    )
  })

  it('read nothing of the others', async () => {
    const config = { ...options, batch_size: 1, pad_with_random_frames: false }
    const dataset = fakeDataset()
    await batchSource(dataset, config, { rank: 1, ranks: 2 })(0)
    expect(new Set(dataset.reads.map(({ video }) => video)).size).toBe(1)
  })

  it('need videos for all of them', () => {
    const some = fakeDataset({ videos: 3 })
    expect(() => batchSource(some, options, { rank: 0, ranks: 2 })).toThrow(
      '--batch_size 2 in each of 2 processes is more than the 3 there are',
    )
    expect(() => batchSource(some, { ...options, batch_size: 1 }, { rank: 2, ranks: 2 })).toThrow(RangeError)
  })
})

describe('reading', () => {
  it('asks only for the frames that are used', async () => {
    const dataset = fakeDataset({ frames: 1000, T: 1000 })
    await readItem({ dataset, video: 0, paddingVideo: 1, maxFrames: 6, random: hostRandom('read') })
    expect(dataset.reads.flatMap(({ frames }) => frames)).toHaveLength(6)
  })

  it('takes windows from the whole video in training, the first one in testing', async () => {
    const starts = async (split: 'train' | 'test') => {
      const dataset = fakeDataset({ split, frames: 14, T: 10 })
      const all = new Set<number>()
      for (let i = 0; i < 60; i++) {
        const item = await readItem({ dataset, video: 0, maxFrames: 3, random: hostRandom('w', i) })
        all.add((item.pixels[0] ?? NaN) - (item.positions[0] ?? NaN))
      }
      return [...all].sort((a, b) => a - b)
    }
    expect(await starts('train')).toEqual([0, 1, 2, 3, 4])
    expect(await starts('test')).toEqual([0])
  })

  it('sees every video once per epoch, in a new order each time, the same for the same seed', async () => {
    const videosOf = async (seed: number) => {
      const dataset = fakeDataset({ videos: 6 })
      const source = batchSource(dataset, { ...options, pad_with_random_frames: false, seed })
      const seen: number[] = []
      for (let step = 0; step < 6; step++) {
        const [batch] = await source(step)
        if (batch) for (let b = 0; b < 2; b++) seen.push(Math.floor(firstPixel(batch, b, 0) / 16))
      }
      return [seen.slice(0, 6), seen.slice(6)]
    }
    const epochs = await videosOf(0)
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4, 5])
    expect(epochs[0]).not.toEqual(epochs[1])
    expect(await videosOf(0)).toEqual(epochs)
    expect(await videosOf(1)).not.toEqual(epochs)
  })

  it('refuses fewer videos than a batch', () => {
    expect(() => batchSource(fakeDataset({ videos: 1 }), options)).toThrow(UserError)
  })
})

it('a batch of one row keeps the item as it is', async () => {
  const task = { observed: [1], latent: [0, 4] }
  const dataset = fakeDataset()
  const item = await readItem({ dataset, video: 2, maxFrames: 6, random: hostRandom('x'), task })
  const batch = makeBatch([item], false)
  expect([...batch.frameIndices]).toEqual([0, 1, 4])
  expect([...batch.obsMask]).toEqual([0, 1, 0])
  expect([...batch.latentMask]).toEqual([1, 0, 1])
  expect([0, 1, 2].map((t) => firstPixel(batch, 0, t))).toEqual([0, 1, 4].map((t) => pixelOf(2, t)))
})
