import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { VideoDataset } from '../../../src/data/dataset.js'
import { cutOffPixels } from '../../../src/evaluation/fvd/cut-off-pixels.js'
import { fvdFile, isOfOthers, readFvd, writeFvd } from '../../../src/evaluation/fvd/fvd-files.js'
import { measureFvd, type FvdInputs } from '../../../src/evaluation/fvd/measure-fvd.js'
import type { I3d, PixelVideo } from '../../../src/evaluation/i3d/create-i3d.js'
import { sampleFile } from '../../../src/sampling/results/results-layout.js'
import { writeSample } from '../../../src/sampling/results/sample-file.js'
import { sampleSet } from '../../../src/sampling/results/sample-set.js'
import { uniform } from '../../helpers/golden.js'
import { temporaryFolder } from '../../torch-file/handmade.js'

const scratch = temporaryFolder()
const T = 3
const SIZE = 4
const videoBytes = T * SIZE * SIZE * 3
const made = (name: string) => Uint8Array.from(uniform(name, videoBytes), (u) => 256 * u)

/** Pictures of the mean colour are all that this network sees. */
function network(seen: PixelVideo[] = []): I3d {
  return {
    weights: { file: 'none', hash: '' },
    dimensions: 3,
    logits(video) {
      seen.push(video)
      const sums = [0, 1, 2].map((c) => video.pixels.reduce((sum, p, i) => sum + (i % 3 === c ? p : 0), 0))
      return Promise.resolve(Float32Array.from(sums, (sum) => sum / 100))
    },
    dispose: () => undefined,
  }
}

function truth(name: string, count = 20, frames = 10): VideoDataset {
  return {
    ...{ name: 'made', split: 'test', length: count, T, imageSize: SIZE },
    frameCount: () => frames,
    readFrames: (video, wanted) => {
      expect(wanted).toEqual([0, 1, 2])
      return Promise.resolve(made(`${name}${video}`))
    },
  }
}

function runOf(name: string, count: number): string {
  const folder = mkdtempSync(path.join(scratch, 'run-'))
  for (let video = 0; video < count; video++)
    writeSample(sampleFile(folder, video, 0), { shape: [T, SIZE, SIZE, 3], data: made(`${name}${video}`) })
  return folder
}

function measure(samples: string, changes: Partial<FvdInputs> = {}) {
  return measureFvd({
    samples: sampleSet(samples, { sampleIndices: [0], skipBad: false }),
    ...{ truth: truth('a'), network: network(), batchSize: 4, cutOff: false, resamples: 20, seed: 1 },
    ...changes,
  })
}

describe('the distance', () => {
  test('of videos from themselves is 0, whatever the batch', async () => {
    for (const batchSize of [1, 4, 100]) {
      const { fvd, kernel, videos } = await measure(runOf('a', 9), { batchSize })
      expect(Math.abs(fvd)).toBeLessThan(1e-9)
      expect(kernel.all).toBeLessThan(0)
      expect(videos).toBe(9)
    }
  })

  test('of others is positive, within its interval, and the same for the same seed', async () => {
    const folder = runOf('b', 20)
    const result = await measure(folder)
    expect(result.fvd).toBeGreaterThan(0.01)
    expect(result.interval?.high).toBeGreaterThan(result.interval?.low ?? NaN)
    expect(result.kernel.subsets.mean).toBeCloseTo(result.kernel.all, 6)
    expect(await measure(folder)).toEqual(result)
    const other = await measure(folder, { seed: 2 })
    expect(other.fvd).toBe(result.fvd)
    expect(other.interval).not.toEqual(result.interval)
    expect((await measure(folder, { resamples: 0 })).interval).toBeUndefined()
  })

  test('sees frames in order, channels last; cut off on both sides if asked to', async () => {
    const seen: PixelVideo[] = []
    await measure(runOf('b', 2), { network: network(seen) })
    expect(seen.map(({ pixels }) => pixels)).toEqual([made('b0'), made('a0'), made('b1'), made('a1')])
    seen.length = 0
    await measure(runOf('b', 2), { network: network(seen), cutOff: true })
    expect(seen[1]?.pixels).toEqual(cutOffPixels(made('a0')))
    expect(seen[2]?.pixels).toEqual(cutOffPixels(made('b1')))
  })

  test('reports how far it is, and stops when told to', async () => {
    const progress: string[] = []
    const controller = new AbortController()
    const measured = measure(runOf('b', 6), {
      signal: controller.signal,
      onProgress(part, done, total) {
        progress.push(`${part} ${done}/${total}`)
        if (done === 3) controller.abort()
      },
    })
    await expect(measured).rejects.toThrow(/abort/)
    expect(progress).toEqual(['videos 1/6', 'videos 2/6', 'videos 3/6'])
  })

  test('hears in the midst of resampling that it is to stop', async () => {
    const controller = new AbortController()
    let last = 0
    const measured = measure(runOf('b', 4), {
      resamples: 5000,
      signal: controller.signal,
      onProgress(part, done) {
        if (part !== 'interval') return
        last = done
        // As a signal of the system comes: between turns of the event loop.
        if (done === 1) setTimeout(() => controller.abort())
      },
    })
    await expect(measured).rejects.toThrow(/abort/)
    expect(last).toBeLessThan(5000)
  })

  test('is none where the weights are damaged', async () => {
    const broken = { ...network(), logits: () => Promise.resolve(Float32Array.of(1, NaN, 2)) }
    await expect(measure(runOf('b', 2), { network: broken })).rejects.toThrow(/^none: .*not finite/)
  })

  test('needs videos to compare with', async () => {
    await expect(measure(runOf('b', 1))).rejects.toThrow('at least 2 videos, there is 1')
    await expect(measure(runOf('b', 3), { truth: truth('a', 2) })).rejects.toThrow(
      /0002-0\.npy: the data set made has no test video 2 of 3 frames/,
    )
    await expect(measure(runOf('b', 3), { truth: truth('a', 5, 2) })).rejects.toThrow(/of 3 frames/)
    await expect(measure(runOf('b', 3), { truth: { ...truth('a'), imageSize: 8 } })).rejects.toThrow(
      'samples have 4x4 pixels, the videos of made 8x8',
    )
  })
})

test('cutting off loses 1 on 63 of the 256 levels', () => {
  const levels = Uint8Array.from({ length: 256 }, (_, level) => level)
  const lost = levels.map((level, i) => level - (cutOffPixels(levels)[i] ?? NaN))
  expect(new Set(lost)).toEqual(new Set([0, 1]))
  expect(lost.reduce((sum, value) => sum + value, 0)).toBe(63)
})

test('a distance of other videos, as many of them, is told by what was compared', () => {
  const folder = mkdtempSync(path.join(scratch, 'others-'))
  const name = { videos: 2, sampleIdx: 0, cutOff: false }
  writeFileSync(fvdFile(folder, name), '1\n')
  // The original program's file, of the first videos.
  expect(isOfOthers(folder, name, [0, 1])).toBe(false)
  writeFvd(folder, name, 1, { compared: [0, 3] })
  expect(isOfOthers(folder, name, [0, 1])).toBe(true)
  expect(isOfOthers(folder, name, [0, 3])).toBe(false)
})

test('files hold one number, and how it came about beside it', () => {
  const folder = mkdtempSync(path.join(scratch, 'files-'))
  const name = { videos: 10, sampleIdx: 2, cutOff: false }
  expect(readFvd(folder, name)).toBeUndefined()
  writeFvd(folder, name, 123.456, { fvd: 123.456, videos: 10 })
  expect(readFileSync(path.join(folder, 'fvd-10-2.txt'), 'utf8')).toBe('123.456\n')
  expect(JSON.parse(readFileSync(path.join(folder, 'fvd-10-2.json'), 'utf8'))).toMatchObject({ videos: 10 })
  expect(readFvd(folder, name)).toBe(123.456)
  expect(readFvd(folder, { ...name, cutOff: true })).toBeUndefined()
  expect(path.basename(fvdFile(folder, { ...name, cutOff: true }))).toBe('fvd-10-2-original.txt')
  // As NumPy writes it.
  writeFileSync(path.join(folder, 'fvd-10-2.txt'), '1.513000000000000000e+02\n')
  expect(readFvd(folder, name)).toBe(151.3)
  writeFileSync(path.join(folder, 'fvd-10-2.txt'), '')
  expect(() => readFvd(folder, name)).toThrow(/fvd-10-2\.txt is damaged/)
})
