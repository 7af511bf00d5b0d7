import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SamplingConfig } from '../../../src/config/sampling.js'
import { npyHeader } from '../../../src/data/npy.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { planSampleRun, type SampleRunInputs } from '../../../src/sampling/runs/plan-sample-run.js'
import { sampleRun, type RunProgress } from '../../../src/sampling/runs/sample-run.js'
import { SIZE } from '../fake-model.js'
import { sharedRun } from '../shared-run.js'

// What a run finds that others have left, or make of it meanwhile.

const folder = mkdtempSync(path.join(tmpdir(), 'sample-run-left-'))
beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})
afterAll(() => rmSync(folder, { recursive: true }))

const inputs = ({ eval_dir = folder, ...options }: Partial<SamplingConfig>) => sharedRun(eval_dir, options)

async function complete(run: SampleRunInputs) {
  const plan = planSampleRun(run)
  const videos = []
  for await (const video of sampleRun(plan, run)) videos.push(video)
  return { plan, videos }
}

test.each<[string, (whole: Buffer) => Buffer, RegExp]>([
  ['cut short', (whole) => whole.subarray(0, -1), /sample_0001-0.npy is truncated/],
  ['twice in its file', (whole) => Buffer.concat([whole, whole]), /sample_0001-0.npy is damaged: .* takes/],
  ['empty', () => Buffer.alloc(0), /sample_0001-0.npy is empty/],
  [
    'of another length',
    () => npyOf([5, 3, SIZE, SIZE]),
    /it has 5 frames of 4x4 pixels, not 12 frames of 4x4 pixels/,
  ],
])('a sample that is %s does not pass for a video that is done', async (_, damage, message) => {
  const run = inputs({ eval_dir: path.join(folder, 'damaged'), stop_index: 3 })
  const { videos, plan } = await complete(run)
  const file = videos[1]?.file ?? ''
  const whole = readFileSync(file)
  writeFileSync(file, damage(whole))
  rmSync(videos[2]?.file ?? '')
  await expect(complete(run)).rejects.toThrow(message)
  await expect(complete(run)).rejects.toThrow(/remove it to sample the video anew$/)
  expect(readdirSync(path.join(plan.folder, 'samples'))).not.toContain('.unfinished')
  rmSync(file)
  await complete(run)
  expect(readFileSync(file)).toEqual(whole)
})

function npyOf(shape: readonly number[]): Buffer {
  const length = shape.reduce((product, size) => product * size, 1)
  return Buffer.concat([npyHeader('uint8', shape), new Uint8Array(length)])
}

test('what another machine was killed at while it wrote a video goes once the video is there', async () => {
  const run = inputs({ eval_dir: path.join(folder, 'half-written'), stop_index: 1 })
  const { plan } = await complete(run)
  const samples = path.join(plan.folder, 'samples')
  for (const name of ['.sample_0000-0.npy.another.1.0-0.tmp', '.sample_0007-0.npy.another.1.0-0.tmp'])
    writeFileSync(path.join(samples, name), 'half')
  await complete(run)
  expect(readdirSync(samples).sort()).toEqual(['.sample_0007-0.npy.another.1.0-0.tmp', 'sample_0000-0.npy'])
})

test('a video that another process has made otherwise meanwhile is not passed off as one of this run', async () => {
  const made = await complete(inputs({ eval_dir: path.join(folder, 'made'), stop_index: 1, seed: 1 }))
  const run = inputs({ eval_dir: path.join(folder, 'made-otherwise'), stop_index: 1 })
  const plan = planSampleRun(run)
  const unfinished = path.join(plan.folder, 'samples', '.unfinished')
  mkdirSync(unfinished, { recursive: true })
  const claim = path.join(unfinished, 'sample_0000-0.claim-1')
  writeFileSync(claim, JSON.stringify({ machine: 'another', pid: 1 }))
  const onOthers = () => {
    cpSync(made.plan.folder, plan.folder, { recursive: true })
    rmSync(claim, { force: true })
  }
  await expect(sampleRun(plan, run, { onOthers }).next()).rejects.toThrow(/made with seed 1, .* seed 0/)
})

test('a video that was taken over meanwhile is not saved by the process that lost it, when that one is stopped', async () => {
  const run = inputs({ eval_dir: path.join(folder, 'lost-and-stopped'), stop_index: 1, save_stages: 3 })
  const plan = planSampleRun(run)
  const unfinished = path.join(plan.folder, 'samples', '.unfinished')
  const onProgress = ({ stage, step }: RunProgress) => {
    if (stage !== 1 || step !== 1) return
    writeFileSync(
      path.join(unfinished, 'sample_0000-0.claim-2'),
      JSON.stringify({ machine: 'another', pid: 1 }),
    )
    throw new Error('stopped')
  }
  await expect(sampleRun(plan, run, { onProgress }).next()).rejects.toThrow('stopped')
  expect(readdirSync(unfinished)).toEqual(['sample_0000-0.claim-2'])
})

/** Samples with a folder in the way of `blocked` from the last step of the last of five stages on. */
async function completeBlocked(run: SampleRunInputs, blocked: (runFolder: string) => string) {
  const plan = planSampleRun(run)
  const file = blocked(plan.folder)
  const onProgress = ({ stage, step }: RunProgress) => {
    if (stage === 4 && step === 3) mkdirSync(path.join(file, 'in the way'), { recursive: true })
  }
  const videos = sampleRun(plan, run, { onProgress })
  await expect(async () => {
    while (!(await videos.next()).done);
  }).rejects.toThrow(file)
  rmSync(file, { recursive: true })
}

test.each([
  ['sample', 'samples/sample_0000-0.npy'],
  ['plan', 'plans/sample_0000-0.json'],
])(
  'a video whose %s could not be written after its last stage is written by the next run',
  async (_, name) => {
    const options: Partial<SamplingConfig> = {
      stop_index: 3,
      save_stages: 1,
      sampling_scheme: 'adaptive-autoreg',
      adaptive_features: 'pixels',
    }
    const whole = await complete(inputs({ eval_dir: path.join(folder, `whole ${name}`), ...options }))
    const run = inputs({ eval_dir: path.join(folder, `blocked ${name}`), ...options })
    await completeBlocked(run, (runFolder) => path.join(runFolder, name))
    const { videos, plan } = await complete(run)
    expect(videos.map(({ video, isNew }) => [video, isNew])).toEqual([0, 1, 2].map((video) => [video, true]))
    for (const kind of ['samples', 'plans']) {
      const names = readdirSync(path.join(whole.plan.folder, kind))
      expect(names).toHaveLength(3)
      expect(readdirSync(path.join(plan.folder, kind))).toEqual(names)
      for (const each of names)
        expect(readFileSync(path.join(plan.folder, kind, each))).toEqual(
          readFileSync(path.join(whole.plan.folder, kind, each)),
        )
    }
  },
)

test('a video that was saved whole and taken over before it is written is left to that process', async () => {
  const run = inputs({
    eval_dir: path.join(folder, 'whole-and-lost'),
    stop_index: 1,
    save_stages: 1,
    wait: false,
  })
  await completeBlocked(run, (runFolder) => path.join(runFolder, 'samples/sample_0000-0.npy'))
  const plan = planSampleRun(run)
  const unfinished = path.join(plan.folder, 'samples', '.unfinished')
  const { dataset } = run
  let reads = 0
  const readFrames: typeof dataset.readFrames = (video, frames) => {
    // The first one tells the data set; at the second this process has its claim.
    if (++reads === 2)
      writeFileSync(path.join(unfinished, 'sample_0000-0.claim-2'), JSON.stringify({ machine: 'b', pid: 1 }))
    return dataset.readFrames(video, frames)
  }
  const left: (readonly number[])[] = []
  const onOthers = (videos: readonly number[]) => left.push(videos)
  const videos = sampleRun(plan, { ...run, dataset: { ...dataset, readFrames } }, { onOthers })
  expect(await videos.next()).toEqual({ value: undefined, done: true })
  expect(left).toEqual([[0]])
  expect(readdirSync(path.join(plan.folder, 'samples'))).toEqual(['.unfinished'])
})

test('a video that cannot be saved when a run is stopped keeps no other from being saved', async () => {
  const run = inputs({ eval_dir: path.join(folder, 'one-unsaved'), stop_index: 2, save_stages: 3 })
  const plan = planSampleRun(run)
  const unfinished = path.join(plan.folder, 'samples', '.unfinished')
  const blocked = path.join(unfinished, 'sample_0000-0.0.npy')
  const onProgress = ({ stage, step }: RunProgress) => {
    if (stage !== 1 || step !== 1) return
    mkdirSync(path.join(blocked, 'in the way'), { recursive: true })
    throw new Error('stopped')
  }
  await expect(sampleRun(plan, run, { onProgress }).next()).rejects.toThrow(blocked)
  expect(readdirSync(unfinished).sort()).toEqual([
    'sample_0000-0.0.npy',
    'sample_0001-0.0.npy',
    'sample_0001-0.json',
  ])
  rmSync(blocked, { recursive: true })
  expect((await complete(run)).videos).toHaveLength(2)
})
