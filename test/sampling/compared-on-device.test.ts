import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defaultsOf } from '../../src/config/option.js'
import { longSamplingOptions, type SamplingConfig } from '../../src/config/sampling.js'
import type { VideoDataset } from '../../src/data/dataset.js'
import { fromPixels } from '../../src/data/pixels.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { adaptiveFeatures } from '../../src/sampling/features/adaptive-features.js'
import { planLongRun, type LongRunInputs } from '../../src/sampling/runs/plan-long-run.js'
import { planSampleRun, type SampleRunInputs } from '../../src/sampling/runs/plan-sample-run.js'
import { sampleLong, type LongProgress } from '../../src/sampling/runs/sample-long.js'
import { sampleRun } from '../../src/sampling/runs/sample-run.js'
import { range } from '../../src/schemes/range.js'
import { squaredDistance } from '../../src/squared-distance.js'
import { countHandles } from '../helpers/count-handles.js'
import { uniform } from '../helpers/golden.js'
import { writeLpipsWeights } from '../helpers/made-lpips.js'
import { ownBinding } from '../helpers/own-binding.js'
import { pretendGpu } from '../helpers/pretend-gpu.js'
import { fakeModel } from './fake-model.js'
import { sharedRun } from './shared-run.js'

const folder = mkdtempSync(path.join(tmpdir(), 'on-device-'))
const weights = path.join(folder, 'weights')
const [T, SIZE, VIDEOS] = [14, 32, 3]
const FRAME = SIZE * SIZE * 3
const pixels = Uint8Array.from(uniform('on device', VIDEOS * T * FRAME), (u) => 256 * u)
const dataset: VideoDataset = {
  name: 'noise',
  split: 'test',
  length: VIDEOS,
  T,
  imageSize: SIZE,
  frameCount: () => T,
  readFrames: (video, frames) =>
    Promise.resolve(
      Buffer.concat(frames.map((t) => pixels.subarray((video * T + t) * FRAME, (video * T + t + 1) * FRAME))),
    ),
}

function inputs(name: string, options: Partial<SamplingConfig> = {}): SampleRunInputs {
  const run = sharedRun(path.join(folder, name), {
    sampling_scheme: 'adaptive-autoreg',
    lpips_weights: weights,
    n_obs: 6,
    stop_index: VIDEOS,
    ...options,
  })
  return { ...run, dataset, checkpoint: { ...run.checkpoint, model: fakeModel((_, x) => tf.tanh(x)) } }
}

/** Samples all videos, or is stopped when a stage begins. */
async function complete(run: SampleRunInputs, stopAt?: number) {
  const onProgress = ({ stage }: { stage: number }) => {
    if (stage === stopAt) throw new Error('stopped')
  }
  const plan = planSampleRun(run)
  for await (const { video } of sampleRun(plan, run, { onProgress })) expect(video).toBeLessThan(VIDEOS)
  return plan
}

/** What a run wrote of a video: its frames, and the stages in which they came. */
const written = ({ folder }: { readonly folder: string }) =>
  range(VIDEOS).map((video) =>
    [`samples/sample_000${video}-0.npy`, `plans/sample_000${video}-0.json`].map((file) =>
      readFileSync(path.join(folder, file)).toString('base64'),
    ),
  )

/** Runs something as on a GPU, and counts what it leaves behind on the device. */
async function leftBehind(run: () => Promise<unknown>) {
  const tensors = tf.memory().numTensors
  const gpu = pretendGpu()
  const handles = countHandles()
  try {
    await run()
    return { handles: handles.count(), tensors: tf.memory().numTensors - tensors }
  } finally {
    handles.stop()
    gpu.stop()
  }
}

const NOTHING = { handles: 0, tensors: 0 }

// A GPU is used with an addon of ours alone.
describe.runIf(ownBinding)('frames compared where they are embedded', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
    mkdirSync(weights)
    writeLpipsWeights(weights, '')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test('LPIPS compares them there', async () => {
    const options = { kind: 'lpips', weights, imageSize: SIZE } as const
    const frames = range(3).map((t) => fromPixels(pixels.subarray(t * FRAME, (t + 1) * FRAME)))
    const found: number[] = []
    const compare = () => {
      const features = adaptiveFeatures(options)
      const comparer = features.comparer?.()
      found.push(...(comparer?.add(frames, [SIZE, SIZE, 3]) ?? []))
      comparer?.dispose()
      features.dispose()
      return Promise.resolve()
    }
    expect(await leftBehind(compare)).toEqual(NOTHING)
    const features = adaptiveFeatures(options)
    const embedded = features.embed(frames, [SIZE, SIZE, 3])
    const expected = embedded.flatMap((a) => embedded.map((b) => squaredDistance(a, b)))
    expect(found).toHaveLength(9)
    expect(expected[1]).toBeGreaterThan(1e-3)
    // Embeddings were rounded, each number by up to 2^-25.
    for (const [i, distance] of expected.entries())
      expect(Math.abs(distance - (found[i] ?? NaN))).toBeLessThan(1e-6)
    features.dispose()
  })

  test('a run samples what it does by comparing on the host, also if it was stopped on its way', async () => {
    const host = written(await complete(inputs('host')))
    const device = inputs('device')
    expect(await leftBehind(() => complete(device))).toEqual(NOTHING)
    expect(written(planSampleRun(device))).toEqual(host)

    const stopped = inputs('stopped', { save_stages: 1 })
    const stop = () => expect(complete(stopped, 2)).rejects.toThrow('stopped')
    expect(await leftBehind(stop)).toEqual(NOTHING)
    expect(await leftBehind(() => complete(stopped))).toEqual(NOTHING)
    expect(written(planSampleRun(stopped))).toEqual(host)
  })

  test('an endless video leaves nothing behind, also if it is stopped within a chunk', async () => {
    const { checkpoint } = inputs('')
    const long = (name: string): LongRunInputs => ({
      checkpoint,
      dataset,
      chunkLength: 10,
      options: {
        ...defaultsOf(longSamplingOptions),
        eval_dir: path.join(folder, name),
        sampling_scheme: 'adaptive-autoreg',
        lpips_weights: weights,
        n_obs: 5,
        timestep_respacing: '3',
      },
    })
    const sample = async (name: string, stopAt?: number) => {
      const run = planLongRun(long(name))
      const onProgress = ({ chunk, stage }: LongProgress) => {
        if (chunk === stopAt && stage === 1) throw new Error('stopped')
      }
      for await (const { index } of sampleLong(run, long(name), { onProgress })) if (index === 1) break
    }
    expect(await leftBehind(() => sample('long'))).toEqual(NOTHING)
    const stop = () => expect(sample('stopped long', 1)).rejects.toThrow('stopped')
    expect(await leftBehind(stop)).toEqual(NOTHING)
  })

  test('videos that are saved in a way that does not fit are given up without a trace', async () => {
    const run = inputs('damaged', { save_stages: 1 })
    await expect(complete(run, 2)).rejects.toThrow('stopped')
    const file = path.join(planSampleRun(run).folder, 'samples/.unfinished/sample_0001-0.0.npy')
    writeFileSync(file, 'cut off')
    const begin = () => expect(complete(run)).rejects.toThrow('sample_0001-0.0.npy')
    expect(await leftBehind(begin)).toEqual(NOTHING)
  })
})
