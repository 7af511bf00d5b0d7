import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PNG } from 'pngjs'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { defaultsOf } from '../../src/config/option.js'
import { videoOptions } from '../../src/config/sampling.js'
import type { VideoDataset } from '../../src/data/dataset.js'
import { writeNpy } from '../../src/data/npy.js'
import { UserError } from '../../src/errors.js'
import { writeFileAtomic } from '../../src/files/write-file.js'
import { modelConfigFile, sampleFile } from '../../src/sampling/results/results-layout.js'
import { readSample, writeSample } from '../../src/sampling/results/sample-file.js'
import { makeVideo, type MakeVideoInputs } from '../../src/video/make-video.js'
import { film } from './films.js'

const folder = mkdtempSync(path.join(tmpdir(), 'make-video-'))
afterAll(() => rmSync(folder, { recursive: true }))

const [T, SIZE] = [6, 8]
let run: string
let opened: unknown[]

beforeEach(() => {
  run = mkdtempSync(path.join(folder, 'run-'))
  opened = []
  writeFileAtomic(modelConfigFile(run), JSON.stringify({ dataset: 'numbers' }))
  for (const video of [0, 1])
    for (const seed of [0, 1])
      writeSample(
        sampleFile(run, video, seed),
        film(T, SIZE, SIZE, (t) => [100 + 50 * seed, 10 * t, video]),
      )
})

/** Truth: red 0, green ten times the frame, blue the video. */
const truth: VideoDataset = {
  name: 'numbers',
  split: 'test',
  length: 2,
  T,
  imageSize: SIZE,
  frameCount: () => T + 3,
  readFrames: (video, frames) =>
    Promise.resolve(
      Uint8Array.from(
        frames.flatMap((t) => Array.from({ length: SIZE * SIZE }, () => [0, 10 * t, video]).flat()),
      ),
    ),
}

const make = (
  options: Partial<MakeVideoInputs['options']> = {},
  dataset = truth,
  onLeftOut?: (line: string) => void,
  signal?: AbortSignal,
) =>
  makeVideo({
    options: { ...defaultsOf(videoOptions), eval_dir: run, format: 'png', ...options },
    openTruth(config, length) {
      opened.push(config.dataset, length)
      return Promise.resolve(dataset)
    },
    ffmpeg: () => undefined,
    onLeftOut,
    signal,
  })

function colours(file: string, at: readonly (readonly [x: number, y: number])[]) {
  const { width, data } = PNG.sync.read(readFileSync(file))
  return at.map(([x, y]) => [...data.subarray((y * width + x) * 4, (y * width + x) * 4 + 3)])
}

test('marks no more frames than there are', async () => {
  await expect(make({ do_n: 2, n_seeds: 2, obs_length: T + 1 })).rejects.toThrow(
    `--obs_length takes 0 to ${T}, the frames of each sample, not ${T + 1}`,
  )
})

test('truth on top, seeds below, one row each, and a border on observed frames', async () => {
  const file = await make({ do_n: 2, n_seeds: 2, obs_length: 2 })
  expect(file).toBe(path.join(run, 'videos/2_2.png'))
  expect(opened).toEqual(['numbers', T])
  const { width, height } = PNG.sync.read(readFileSync(file))
  expect([width, height]).toEqual([T * SIZE, 6 * SIZE])
  const middle = (row: number, t: number) => [t * SIZE + 4, row * SIZE + 4] as const
  const rows = [0, 1, 2, 3, 4, 5]
  const reds = [0, 100, 150, 0, 100, 150]
  expect(
    colours(
      file,
      rows.map((row) => middle(row, 3)),
    ),
  ).toEqual(rows.map((row) => [reds[row], 30, Math.floor(row / 3)]))
  const corner = (row: number, t: number) => [t * SIZE + 1, row * SIZE + 1] as const
  expect(colours(file, [corner(0, 0), corner(1, 1), corner(4, 0)])).toEqual([
    [255, 0, 0],
    [255, 0, 0],
    [255, 0, 0],
  ])
  expect(colours(file, [corner(0, 2), corner(1, 5)])).toEqual([
    [0, 20, 0],
    [100, 50, 0],
  ])
})

test('without truth the data set is not opened', async () => {
  const file = await make({ add_gt: false, T: 4, scale: 2 })
  const { width, height } = PNG.sync.read(readFileSync(file))
  expect([width, height]).toEqual([4 * SIZE * 2, SIZE * 2])
  expect(opened).toEqual([])
})

test('a GIF needs no ffmpeg and goes where it is told to', async () => {
  const file = await make({ format: 'gif', out_dir: path.join(run, 'elsewhere'), n_seeds: 2 })
  expect(file).toBe(path.join(run, 'elsewhere/videos/1_2.gif'))
  const gif = readFileSync(file)
  expect([gif.toString('latin1', 0, 6), gif.readUInt16LE(6), gif.readUInt16LE(8)]).toEqual([
    'GIF89a',
    SIZE,
    3 * SIZE,
  ])
})

test.each<[string, Partial<MakeVideoInputs['options']>, RegExp]>([
  [
    'a sample that is missing',
    { n_seeds: 3 },
    /^1 of 3 samples cannot be used \(.*sample_0000-2\.npy is missing\)/,
  ],
  ['a rate that no GIF has', { format: 'gif', fps: 60 }, /a GIF shows at most 50 frames a second, not 60/],
  ['no ffmpeg', { format: 'mp4' }, /--format mp4 needs ffmpeg/],
  ['more frames than there are', { T: 7 }, /1 to 6, the frames of each sample, not 7/],
  ['no frames', { T: 0 }, /not 0/],
  ['no folder', { eval_dir: undefined }, /--eval_dir is missing/],
  [
    'a folder that is not there',
    { eval_dir: 'no-such' },
    /there is no folder no-such: give the one that sample/,
  ],
  ['a file for a folder', { eval_dir: 'package.json/x' }, /there is no folder package\.json\/x/],
])('%s is said', async (_, options, message) => {
  const making = make(options)
  await expect(making).rejects.toThrow(message)
  await expect(making).rejects.toThrow(UserError)
  expect(existsSync(path.join(run, 'videos'))).toBe(false)
})

test('truth that does not fit the samples is said', async () => {
  await expect(make({}, { ...truth, imageSize: 16 })).rejects.toThrow(/8 pixels wide, .* 16/)
  await expect(make({}, { ...truth, length: 0 })).rejects.toThrow(/no true video 0 of 6 frames/)
  rmSync(path.join(run, 'model_config.json'))
  await expect(make()).rejects.toThrow(/model_config.json is missing/)
})

test('samples that differ from each other, or are none, are named', async () => {
  writeSample(sampleFile(run, 1, 0), film(T, SIZE, SIZE + 1))
  await expect(make({ do_n: 2 })).rejects.toThrow(
    /^1 of 2 samples .*sample_0001-0.npy has 6 frames of 8x9 pixels, others/,
  )
  writeNpy(sampleFile(run, 1, 0), { dtype: 'float32', shape: [2], data: new Float32Array(2) })
  await expect(make({ do_n: 2 })).rejects.toThrow(
    /sample_0001-0.npy is not a sampled video: .* got float32 \(2\)/,
  )
  writeFileSync(sampleFile(run, 1, 0), 'nothing')
  await expect(make({ do_n: 2 })).rejects.toThrow(/sample_0001-0.npy/)
})

test('samples that cannot be used are left grey if that is asked for, and named', async () => {
  writeFileSync(sampleFile(run, 0, 1), 'nothing')
  const lines: string[] = []
  const file = await make({ do_n: 2, n_seeds: 2, obs_length: 1, skip_bad: true }, truth, (line) =>
    lines.push(line),
  )
  expect(lines).toEqual([`left out: ${sampleFile(run, 0, 1)} is not a .npy file: it begins differently`])
  const at = (row: number) => [1, row * SIZE + 1] as const
  const middle = (row: number) => [4, row * SIZE + 4] as const
  expect(colours(file, [at(1), at(2), middle(2), middle(1), middle(5)])).toEqual([
    [255, 0, 0],
    [128, 128, 128],
    [128, 128, 128],
    [100, 0, 0],
    [150, 0, 1],
  ])
})

test('any frames can be marked', async () => {
  const file = await make({ add_gt: false, obs_frames: '0,2' })
  const red = colours(
    file,
    [0, 1, 2, 3].map((t) => [t * SIZE + 1, 1] as const),
  ).map(([r]) => r === 255)
  expect(red).toEqual([true, false, true, false])
  await expect(make({ obs_frames: '6' })).rejects.toThrow(/frame 6 cannot be observed/)
})

test('a sample comes back as it was written', () => {
  const made = film(3, 4, 5)
  writeSample(path.join(run, 'x.npy'), made)
  expect(readSample(path.join(run, 'x.npy'))).toEqual(made)
})

test.each(['png', 'gif', 'mp4'] as const)('%s: told to stop, it writes nothing', async (format) => {
  const controller = new AbortController()
  let read = 0
  const dataset: VideoDataset = {
    ...truth,
    readFrames(...asked) {
      read++
      setImmediate(() => controller.abort())
      return truth.readFrames(...asked)
    },
  }
  const making = make({ do_n: 2, n_seeds: 2, format }, dataset, undefined, controller.signal)
  await expect(making).rejects.toThrow(/abort/)
  expect([read, existsSync(path.join(run, 'videos'))]).toEqual([1, false])
})
