import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { samplingOptions } from '../../src/config/sampling.js'
import { defaultsOf } from '../../src/config/option.js'
import type { VideoDataset } from '../../src/data/dataset.js'
import { readNpy } from '../../src/data/npy.js'
import { UserError } from '../../src/errors.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { readModelConfig } from '../../src/sampling/model-config.js'
import { readSample } from '../../src/sampling/sample-file.js'
import { planSampleRun, sampleRun, type SampleRunInputs } from '../../src/sampling/sample-run.js'
import { countingVideos, fakeConfig, fakeModel, SIZE } from './fake-model.js'

const folder = mkdtempSync(path.join(tmpdir(), 'sample-run-'))
beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})
afterAll(() => rmSync(folder, { recursive: true }))

const FRAME = SIZE * SIZE * 3
const read: [number, readonly number[]][] = []
const dataset: VideoDataset = {
  name: 'counting',
  split: 'test',
  length: 5,
  T: 6,
  imageSize: SIZE,
  frameCount: () => 8,
  readFrames(video, frames) {
    read.push([video, frames])
    const { data } = countingVideos(5, 8)
    return Promise.resolve(
      Uint8Array.from(
        frames.flatMap((frame) => [
          ...data.subarray((video * 8 + frame) * FRAME, (video * 8 + frame + 1) * FRAME),
        ]),
      ),
    )
  },
}

function inputs(options: Partial<SampleRunInputs['options']> = {}): SampleRunInputs {
  const config = { ...fakeConfig, timestep_respacing: '', dataset: 'counting', max_frames: 4 }
  const defaults = defaultsOf(samplingOptions)
  return {
    checkpoint: {
      path: 'checkpoints/run/ema_0.9_latest.pt',
      step: 12,
      config,
      model: fakeModel((_, x) => tf.tanh(x)),
    },
    dataset,
    options: {
      ...defaults,
      sampling_scheme: 'autoreg',
      n_obs: 2,
      batch_size: 2,
      timestep_respacing: '3',
      ...options,
    },
  }
}

async function complete(run: SampleRunInputs) {
  const plan = planSampleRun(run)
  const videos = []
  for await (const video of sampleRun(plan, run)) videos.push(video)
  return { plan, videos }
}

test('the plan has defaults from the checkpoint and says where results go', () => {
  const plan = planSampleRun(inputs({ use_ddim: true }))
  expect(plan).toMatchObject({ settings: { maxFrames: 4, stepSize: 2 }, videos: [0, 1], stages: 2 })
  expect(plan.folder).toBe('results/run/ema_0.9_latest_12_ddim_respace3/autoreg_4_2_6_2')
  expect(planSampleRun(inputs({ eval_dir: 'here', max_frames: 5, n_obs: 1 })).folder).toBe(
    'here/autoreg_5_2_6_1',
  )
})

test('samples every video once, as (T, 3, H, W), and leaves finished ones alone', async () => {
  const run = inputs({ eval_dir: path.join(folder, 'a'), start_index: 0, stop_index: 3 })
  const first = await complete(run)
  expect(first.videos.map(({ video, isNew }) => [video, isNew])).toEqual([
    [0, true],
    [1, true],
    [2, true],
  ])
  const files = first.videos.map(({ file }) => file)
  expect(files[2]).toBe(path.join(folder, 'a/autoreg_4_2_6_2/samples/sample_0002-0.npy'))
  expect(readNpy(files[2] ?? '')).toMatchObject({ dtype: 'uint8', shape: [6, 3, SIZE, SIZE] })
  const film = readSample(files[2] ?? '')
  expect([film.data[0], film.data[FRAME]]).toEqual([20, 21])
  expect(new Set(film.data.subarray(2 * FRAME)).size).toBeGreaterThan(20)

  const before = files.map((file) => readFileSync(file))
  const times = files.map((file) => statSync(file).mtimeMs)
  rmSync(files[1] ?? '')
  const again = await complete(run)
  expect(again.videos.map(({ video, isNew }) => [video, isNew])).toEqual([
    [0, false],
    [2, false],
    [1, true],
  ])
  expect(files.map((file) => readFileSync(file))).toEqual(before)
  expect(statSync(files[0] ?? '').mtimeMs).toBe(times[0])
})

test('only the observed frames are read', async () => {
  read.length = 0
  await complete(inputs({ eval_dir: path.join(folder, 'b'), stop_index: 1 }))
  expect(read).toEqual([[0, [0, 1]]])
  read.length = 0
  const { videos } = await complete(
    inputs({ eval_dir: path.join(folder, 'b'), n_obs: 0, start_index: 9, stop_index: 10 }),
  )
  expect(videos.map(({ video }) => video)).toEqual([9])
  expect(read).toEqual([])
})

test('model_config.json holds the configuration that was sampled with', async () => {
  const { plan } = await complete(inputs({ eval_dir: path.join(folder, 'c'), use_ddim: true, stop_index: 1 }))
  expect(readModelConfig(plan.folder)).toMatchObject({
    dataset: 'counting',
    diffusion_steps: 1000,
    use_ddim: true,
    timestep_respacing: '3',
  })
  expect(readFileSync(path.join(plan.folder, 'model_config.json'), 'utf8')).toMatch(/^\{\n {4}"image_size"/)
})

test('samples of two seeds are not mixed', async () => {
  const eval_dir = path.join(folder, 'f')
  await complete(inputs({ eval_dir, stop_index: 1 }))
  await expect(complete(inputs({ eval_dir, stop_index: 2, seed: 1 }))).rejects.toThrow(/seed 0, .* seed 1/)
})

test('a stopped run leaves no unfinished file', async () => {
  const run = inputs({ eval_dir: path.join(folder, 'd') })
  const plan = planSampleRun(run)
  const signal = AbortSignal.abort(new Error('stopped'))
  await expect(sampleRun(plan, run, { signal }).next()).rejects.toThrow('stopped')
  expect(existsSync(path.join(plan.folder, 'samples'))).toBe(false)
})

test.each<[Partial<SampleRunInputs['options']>, RegExp]>([
  [{ sampling_scheme: 'no-such' }, /no sampling scheme "no-such"; there are autoreg/],
  [{ eta: 0.5 }, /--use_ddim/],
  [{ n_obs: 6 }, /nothing to sample/],
  [{ stop_index: 6 }, /data set has 5/],
  [{ timestep_respacing: '3,x' }, /--timestep_respacing/],
])('%o is refused before any work', async (options, message) => {
  const run = inputs({ eval_dir: path.join(folder, 'e'), ...options })
  await expect(complete(run)).rejects.toThrow(message)
  await expect(complete(run)).rejects.toThrow(UserError)
  expect(existsSync(path.join(folder, 'e'))).toBe(false)
})

test('a damaged or missing model_config.json is named', () => {
  expect(() => readModelConfig(path.join(folder, 'none'))).toThrow(/none\/model_config.json is missing/)
  writeFileSync(path.join(folder, 'model_config.json'), '{"a": ')
  expect(() => readModelConfig(folder)).toThrow(/model_config.json is damaged/)
})
