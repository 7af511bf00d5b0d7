import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import {
  datasetCoordinates,
  datasetTasks,
  readCoordinates,
  sampleTasks,
} from '../../src/carla/coordinate-files.js'
import type { Locator } from '../../src/carla/load-locator.js'
import { locateVideos } from '../../src/carla/locate-videos.js'
import { writeNpy } from '../../src/data/npy.js'
import { hostRandom } from '../../src/random.js'
import { sampleFile } from '../../src/sampling/results/results-layout.js'
import { writeSample } from '../../src/sampling/results/sample-file.js'
import { tensor, writeTorchFile } from '../../src/torch-file/index.js'
import { temporaryFolder } from '../torch-file/handmade.js'

const scratch = temporaryFolder()
const newFolder = () => mkdtempSync(path.join(scratch, 'run-'))
const frameSize = 2 * 2 * 3

/** Takes a frame's first two pixels' reds for its position. */
function locator(batches: number[] = []): Locator {
  return {
    locate(frames, { height, width }) {
      expect([height, width]).toEqual([2, 2])
      const count = frames.length / frameSize
      batches.push(count)
      const coordinates = Float32Array.from({ length: 2 * count }, (_, i) => {
        return frames[(i >> 1) * frameSize + 3 * (i % 2)] ?? NaN
      })
      return Promise.resolve({ coordinates, cells: [], logits: new Float32Array() })
    },
    dispose: () => undefined,
  }
}

const video = (first: number, T: number) =>
  Uint8Array.from({ length: T * frameSize }, (_, i) => first + Math.floor(i / 3))
const run = (folder: string, first: number, T: number, index: number) =>
  writeSample(sampleFile(folder, index, 0), { shape: [T, 2, 2, 3], data: video(first, T) })
const options = (changes: object = {}) => ({
  ...{ locator: locator(), batchSize: 3, skipBad: false, random: hostRandom(1) },
  ...changes,
})

test('one file per sample, in batches; what is there stays', async () => {
  const folder = newFolder()
  run(folder, 10, 7, 0)
  run(folder, 100, 2, 1)
  const batches: number[] = []
  const result = await locateVideos(sampleTasks(folder), options({ locator: locator(batches) }))
  expect(result).toEqual({ written: 2, known: 0, skipped: [] })
  expect(batches.sort()).toEqual([1, 2, 3, 3])
  const file = path.join(folder, 'coords/sample_0000-0.npy')
  expect(readCoordinates(file)).toEqual(Array.from({ length: 7 }, (_, t) => [10 + 4 * t, 11 + 4 * t]))
  expect(readCoordinates(path.join(folder, 'coords/sample_0001-0.npy'))).toHaveLength(2)

  run(folder, 50, 3, 2)
  expect(await locateVideos(sampleTasks(folder), options())).toEqual({ written: 1, known: 2, skipped: [] })
})

test('a data set is read from its own files', async () => {
  const folder = newFolder()
  writeTorchFile(path.join(folder, 'video_3.pt'), tensor('uint8', [4, 2, 2, 3], video(20, 4)))
  writeFileSync(path.join(folder, 'coords_3.npy'), 'not looked at')
  const [task, ...others] = datasetTasks(folder)
  expect(others).toEqual([])
  expect(task?.output).toBe(path.join('results', folder, 'coords', 'video_3.npy'))
  const output = path.join(folder, 'out.npy')
  await locateVideos(task ? [{ ...task, output }] : [], options())
  expect(readCoordinates(output)[1]).toEqual([24, 25])
  expect(() => datasetCoordinates('datasets/../../carla')).toThrow('a folder without ".."')
})

test('a damaged sample is an error, or left out; the others are written', async () => {
  const folder = newFolder()
  run(folder, 10, 2, 0)
  writeFileSync(sampleFile(folder, 1, 0), 'damaged')
  run(folder, 10, 0, 2)
  writeNpy(sampleFile(folder, 3, 0), { dtype: 'uint8', shape: [2, 2, 2, 3], data: new Uint8Array(24) })
  const refused = locateVideos(sampleTasks(folder), options())
  await expect(refused).rejects.toThrow(
    /^3 of 4 videos cannot be used \(.*0001-0\.npy is not a \.npy.*; .*0002-0\.npy is empty.*; .*0003-0\.npy is not a sampled video: .*\)/,
  )
  expect(readdirSync(folder)).toEqual(['samples'])
  const result = await locateVideos(sampleTasks(folder), options({ skipBad: true }))
  expect(result.skipped).toHaveLength(3)
  expect(readdirSync(path.join(folder, 'coords'))).toEqual(['sample_0000-0.npy'])
})

test('stops when told to, without half a file', async () => {
  const folder = newFolder()
  run(folder, 10, 9, 0)
  const controller = new AbortController()
  const stop = options({ signal: controller.signal, onProgress: () => controller.abort() })
  await expect(locateVideos(sampleTasks(folder), stop)).rejects.toThrow(/abort/)
  expect(readdirSync(folder)).toEqual(['samples'])
})

test('folders without videos are named', () => {
  const folder = newFolder()
  expect(() => datasetTasks(folder)).toThrow('holds no videos')
  expect(() => sampleTasks(folder)).toThrow('samples does not exist')
  mkdirSync(path.join(folder, 'samples'))
  expect(() => sampleTasks(folder)).toThrow('holds no videos')
})

test('coordinates of a data set may have a height; others are refused', () => {
  const file = path.join(newFolder(), 'coords_0.npy')
  const write = (shape: number[], values: number[]) =>
    writeNpy(file, { dtype: 'float64', shape, data: Float64Array.from(values) })
  write([2, 3], [1, 2, 9, 3, 4, 9])
  expect(readCoordinates(file)).toEqual([
    [1, 2],
    [3, 4],
  ])
  write([0, 2], [])
  expect(() => readCoordinates(file)).toThrow('coords_0.npy is empty')
  write([2, 1], [1, 2])
  expect(() => readCoordinates(file)).toThrow('expected numbers (T, 2) or (T, 3), got float64 (2, 1)')
  write([2, 2], [1, 2, NaN, 4])
  expect(() => readCoordinates(file)).toThrow('no position for frame 1')
})
