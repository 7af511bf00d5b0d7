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
