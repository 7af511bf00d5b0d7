import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { optimalScheduleOptions } from '../../src/config/optimal-schedule.js'
import { defaultsOf } from '../../src/config/option.js'
import { samplingOptions } from '../../src/config/sampling.js'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { startRuntime } from '../../src/runtime/start.js'
import { optimiseSchedule } from '../../src/sampling/optimal-schedule/optimise-schedule.js'
import { planOptimalSchedule } from '../../src/sampling/optimal-schedule/plan-optimal-schedule.js'
import { setUpSampling } from '../../src/sampling/runs/sampling-setup.js'
import { sampleVideo } from '../../src/sampling/sample-video.js'
import { autoreg } from '../../src/schemes/autoreg.js'
import { train } from '../../src/training/train.js'
import { countingVideos, fakeConfig, fakeModel } from '../sampling/fake-model.js'
import { fakeDataset, smallConfig } from '../training/fixtures.js'

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-signal-'))
beforeAll(() => startRuntime({ backend: 'wasm' }))
afterAll(() => rmSync(folder, { recursive: true }))

const PURE_NOISE = { diffusion_steps: 20, predict_xstart: false } as const
const MESSAGE = 'linear with --diffusion_steps 20 leaves nothing of a frame at the last step'

const setUp = (
  trained: Partial<typeof fakeConfig>,
  options: { use_ddim?: boolean; timestep_respacing?: string } = {},
) =>
  setUpSampling({
    checkpoint: {
      path: 'ema.pt',
      step: 1,
      config: { ...fakeConfig, diffusion_steps: 20, timestep_respacing: '', dataset: 'fake', ...trained },
      model: fakeModel((_, x) => x),
    },
    options: { ...defaultsOf(samplingOptions), ...options },
  }).denoise.dispose()

it('where a frame would have to be computed from pure noise, sampling is an error before any work', () => {
  expect(() => setUp({ predict_xstart: false })).toThrow(MESSAGE)
  expect(() => setUp({ predict_xstart: true }, { use_ddim: true })).toThrow(MESSAGE)
})

it('so it is for a program', async () => {
  const diffusion = createDiffusion({ ...fakeConfig, ...PURE_NOISE, timestep_respacing: '' })
  const videos = countingVideos(1, 4)
  const sampled = sampleVideo({
    model: fakeModel((_, x) => x),
    diffusion,
    ...{ videos, observed: 2, scheme: autoreg, maxFrames: 4 },
  })
  await expect(sampled).rejects.toThrow(MESSAGE)
})

it('nor is a schedule made with such a model', async () => {
  const dataset = fakeDataset({ videos: 3, T: 8, imageSize: 4 })
  const run = {
    checkpoint: {
      ...{ path: 'ema.pt', step: 1, model: fakeModel((_, x) => x) },
      config: { ...fakeConfig, ...PURE_NOISE, dataset: 'fake', max_frames: 4 },
    },
    options: {
      ...defaultsOf(optimalScheduleOptions),
      ...{ sampling_scheme: 'autoreg', eval_dir: path.join(folder, 'schedule'), n_obs: 2 },
    },
    T: 8,
  }
  const stages = optimiseSchedule(planOptimalSchedule(run), run, dataset)
  await expect(stages.next()).rejects.toThrow(`${MESSAGE}, and no frame can be computed from that: train a`)
})

it('what can be sampled is', () => {
  setUp({ predict_xstart: true })
  setUp({ predict_xstart: false }, { timestep_respacing: 'ddim10' })
  setUp({ predict_xstart: false, diffusion_steps: 21 })
})

it('a model that could not be sampled is not trained', async () => {
  const config = smallConfig({ diffusion_steps: 20, max_steps: 1 })
  const dataset = fakeDataset({ videos: 3, T: 8, imageSize: 32 })
  const run = { config, dataset, newRunId: 'noise', root: folder, now: () => 0 }
  await expect(train(run)).rejects.toThrow(
    `${MESSAGE}, and no frame can be computed from that: take more steps`,
  )
  expect(existsSync(path.join(folder, 'noise'))).toBe(false)
})
