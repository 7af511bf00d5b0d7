import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { defaultsOf } from '../../../src/config/option.js'
import { samplingOptions } from '../../../src/config/sampling.js'
import type { VideoDataset } from '../../../src/data/dataset.js'
import { readNpy } from '../../../src/data/npy.js'
import { UserError } from '../../../src/errors.js'
import { setCompileSettings } from '../../../src/runtime/compile-settings.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { tf } from '../../../src/runtime/tf.js'
import { readModelConfig } from '../../../src/sampling/results/model-config.js'
import { readSample } from '../../../src/sampling/results/sample-file.js'
import { readFirstPlan } from '../../../src/sampling/runs/plan-files.js'
import { planSampleRun, type SampleRunInputs } from '../../../src/sampling/runs/plan-sample-run.js'
import { sampleRun, type RunProgress } from '../../../src/sampling/runs/sample-run.js'
import { decisiveSettings } from '../../../src/sampling/runs/sampling-setup.js'
import { countingVideos, fakeConfig, fakeModel, SIZE } from '../fake-model.js'
import { sharedRun } from '../shared-run.js'

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
  expect(plan).toMatchObject({ videos: [0, 1], stages: 2 })
  expect(plan.settings).toEqual({ videoLength: 6, observed: 2, maxFrames: 4, stepSize: 2 })
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
  // The first video once more, which tells the data set.
  expect(read).toEqual([[0, [0, 1]], [0, [0, 1]]]) // prettier-ignore
  read.length = 0
  await complete(inputs({ eval_dir: path.join(folder, 'b'), start_index: 3, stop_index: 4 }))
  expect(read).toEqual([[0, [0, 1]], [3, [0, 1]]]) // prettier-ignore
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
  expect(readdirSync(path.join(plan.folder, 'samples'))).toEqual([])
})

/** Stages that are sampled until the run ends or is stopped after one. */
async function stagesOf(run: SampleRunInputs, stopAfter?: number): Promise<string[]> {
  const stages: string[] = []
  const controller = new AbortController()
  const onProgress = ({ videos, stage, step, steps }: RunProgress) => {
    if (step === steps) stages.push(`${videos.join()}: ${stage}`)
    if (stages.length === stopAfter) controller.abort(new Error('stopped'))
  }
  const videos = sampleRun(planSampleRun(run), run, { onProgress, signal: controller.signal })
  try {
    while (!(await videos.next()).done);
  } catch (error) {
    expect(error).toEqual(new Error('stopped'))
  }
  return stages
}

test.each([1, 2])(
  'a stopped run goes on at the stage where it stopped, saving every %i',
  async (save_stages) => {
    const whole = sharedRun(path.join(folder, `whole-${save_stages}`), { stop_index: 3 })
    const evalDir = path.join(folder, `parts-${save_stages}`)
    const parts = sharedRun(evalDir, { stop_index: 3, save_stages })
    const all = await stagesOf(whole)
    expect(all).toEqual([
      ...[0, 1, 2, 3, 4].map((i) => `0,1: ${i}`),
      ...[0, 1, 2, 3, 4].map((i) => `2: ${i}`),
    ])
    // Stopped as the fourth stage ends: three are done.
    expect(await stagesOf(parts, 4)).toEqual(all.slice(0, 4))
    const samples = path.join(planSampleRun(parts).folder, 'samples')
    expect(readdirSync(path.join(samples, '.unfinished')).filter((name) => name.includes('claim'))).toEqual(
      [],
    )
    expect(await stagesOf(parts)).toEqual(all.slice(3))
    expect(readdirSync(samples).sort()).toEqual([0, 1, 2].map((video) => `sample_000${video}-0.npy`))
    for (const name of readdirSync(samples))
      expect(readSample(path.join(samples, name))).toEqual(
        readSample(path.join(planSampleRun(whole).folder, 'samples', name)),
      )
  },
)

test.each([
  [1, [0, 1, 2, 3, 4]],
  [2, [0, 0, 1, 1, 2]],
  [3, [0, 0, 0, 1, 1]],
])('saving every %i, the stages that a killed process has done are on disk', async (save_stages, parts) => {
  const run = sharedRun(path.join(folder, `every-${save_stages}`), { stop_index: 1, save_stages })
  const plan = planSampleRun(run)
  const saved: number[] = []
  const onProgress = ({ step }: RunProgress) => {
    const names = readdirSync(path.join(plan.folder, 'samples', '.unfinished'))
    if (step === 0) saved.push(names.filter((name) => name.endsWith('.npy')).length)
  }
  for await (const { isNew } of sampleRun(plan, run, { onProgress })) expect(isNew).toBe(true)
  expect(saved).toEqual(parts)
})

test('a half-done video is not gone on with on another backend, in another precision or with XLA', () => {
  const before = decisiveSettings(inputs())
  expect(before).toMatchObject({ backend: 'wasm', precision: 'fp32', xla: 'off' })
  setCompileSettings({ precision: 'bf16', xla: true })
  expect(decisiveSettings(inputs())).toEqual({ ...before, precision: 'bf16', xla: 'on' })
  setCompileSettings({ precision: 'fp32', xla: false })
})

test('without saved stages a stopped run begins its videos anew', async () => {
  const run = sharedRun(path.join(folder, 'unsaved'), { stop_index: 1, save_stages: 0 })
  expect(await stagesOf(run, 3)).toHaveLength(3)
  expect(await stagesOf(run)).toHaveLength(5)
})

test('as videos end others take their places, at stages of their own', async () => {
  const run = sharedRun(path.join(folder, 'mixed'), { stop_index: 3 })
  await stagesOf({ ...run, options: { ...run.options, stop_index: 1 } }, 3)
  expect(await stagesOf(run)).toEqual([
    ...['0,1: 2', '0,1: 3'],
    // The last stages take fewer frames, and so cannot be sampled together with others.
    '0: 4',
    ...['1,2: 2', '1,2: 3'],
    '1: 4',
    ...['2: 2', '2: 3', '2: 4'],
  ])
})

test('videos of other processes are left to them or waited for', async () => {
  const run = sharedRun(path.join(folder, 'others'), { stop_index: 2 })
  const plan = planSampleRun(run)
  const unfinished = path.join(plan.folder, 'samples', '.unfinished')
  mkdirSync(unfinished, { recursive: true })
  const claim = path.join(unfinished, 'sample_0000-0.claim-1')
  writeFileSync(claim, JSON.stringify({ machine: 'another', pid: 1 }))
  const left: (readonly number[])[] = []
  const sampled = async (wait: boolean, onOthers: (videos: readonly number[]) => void) => {
    const inputs = { ...run, options: { ...run.options, wait } }
    const videos = []
    for await (const { video } of sampleRun(plan, inputs, { onOthers })) videos.push(video)
    return videos
  }
  expect(await sampled(false, (videos) => left.push(videos))).toEqual([1])
  expect(left).toEqual([[0]])
  expect(await sampled(true, () => rmSync(claim, { force: true }))).toEqual([1, 0])
})

test('a video that was taken over meanwhile is not written by the process that lost it', async () => {
  const run = sharedRun(path.join(folder, 'lost'), { stop_index: 2, wait: false })
  const plan = planSampleRun(run)
  const unfinished = path.join(plan.folder, 'samples', '.unfinished')
  const onProgress = () =>
    writeFileSync(
      path.join(unfinished, 'sample_0001-0.claim-2'),
      JSON.stringify({ machine: 'another', pid: 1 }),
    )
  const [videos, left] = [[] as number[], [] as (readonly number[])[]]
  const onOthers = (others: readonly number[]) => left.push(others)
  for await (const { video } of sampleRun(plan, run, { onProgress, onOthers })) videos.push(video)
  expect(videos).toEqual([0])
  expect(left).toEqual([[1]])
  expect(readdirSync(unfinished)).toEqual(['sample_0001-0.claim-2'])
})

test.each<[Partial<SampleRunInputs['options']>, RegExp]>([
  [{ max_frames: 1 }, /leaves no room to condition on anything in a window of max_frames = 1/],
  [{ timestep_respacing: '1001' }, /--timestep_respacing 1001: section 1 has 1000 steps/],
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

test('what an adaptive scheme compares frames by is kept with the samples, and does not change', async () => {
  const adaptive = { sampling_scheme: 'adaptive-autoreg', eval_dir: path.join(folder, 'adaptive') }
  const pixels = inputs({ ...adaptive, adaptive_features: 'pixels' })
  const run = planSampleRun(pixels)
  const made = []
  for await (const { isNew } of sampleRun(run, pixels)) made.push(isNew)
  expect(made).toEqual([true, true])
  const record: unknown = JSON.parse(readFileSync(path.join(run.folder, 'sampling.json'), 'utf8'))
  expect(record).toMatchObject({ adaptive_features: 'pixels' })
  const lpips = inputs(adaptive)
  await expect(sampleRun(planSampleRun(lpips), lpips).next()).rejects.toThrow(
    /made with adaptive_features pixels/,
  )
})

test('the stages of an adaptive scheme are kept, also of a video that was stopped on its way', async () => {
  const scheme = { sampling_scheme: 'adaptive-autoreg', adaptive_features: 'pixels' } as const
  const settings = { ...scheme, max_frames: 3, max_latent_frames: 1, stop_index: 1 }
  const whole = inputs({ ...settings, eval_dir: path.join(folder, 'kept') })
  const { plan } = await complete(whole)
  const kept = readFirstPlan(plan.folder, 6)
  expect(kept).toMatchObject({ video: 0 })
  expect(kept?.stages.map(({ latent }) => latent)).toEqual([[2], [3], [4], [5]])
  expect(kept?.stages.map(({ observed }) => observed.length)).toEqual([2, 2, 2, 2])

  const halves = inputs({ ...settings, eval_dir: path.join(folder, 'stopped') })
  const stopped = planSampleRun(halves)
  const onProgress = ({ stage }: RunProgress) => {
    if (stage === 2) throw new Error('stopped')
  }
  await expect(sampleRun(stopped, halves, { onProgress }).next()).rejects.toThrow('stopped')
  expect(readFirstPlan(stopped.folder, 6)).toBeUndefined()
  await complete(halves)
  const file = 'plans/sample_0000-0.json'
  expect(readFileSync(path.join(stopped.folder, file))).toEqual(readFileSync(path.join(plan.folder, file)))

  writeFileSync(path.join(plan.folder, file), '{"stages": [{"observed": [0], "latent": [6]}]}')
  expect(() => readFirstPlan(plan.folder, 6)).toThrow(/sample_0000-0.json is damaged: it holds no stages/)
  // The name of a fixed scheme's folder says its stages.
  const fixed = await complete(inputs({ eval_dir: path.join(folder, 'fixed') }))
  expect(readdirSync(fixed.plan.folder)).not.toContain('plans')
})

test('weights of LPIPS that are missing are named, with what does without', async () => {
  const weightless = inputs({
    sampling_scheme: 'adaptive-hierarchy-2',
    eval_dir: path.join(folder, 'weightless'),
    lpips_weights: path.join(folder, 'nowhere'),
  })
  const large = { ...weightless, dataset: { ...dataset, imageSize: 32 } }
  await expect(sampleRun(planSampleRun(large), large).next()).rejects.toThrow(
    /nowhere: it does not exist; .*--adaptive_features pixels/,
  )
})

test('frames too small for LPIPS are an error before a first stage that looks at none', async () => {
  const small = inputs({
    sampling_scheme: 'adaptive-autoreg',
    eval_dir: path.join(folder, 'small'),
    n_obs: 0,
  })
  await expect(sampleRun(planSampleRun(small), small).next()).rejects.toThrow(
    /at least 31 pixels a side, these have 4x4; compare by --adaptive_features pixels/,
  )
})
