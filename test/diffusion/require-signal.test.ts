import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { defaultsOf } from '../../src/config/option.js'
import { samplingOptions } from '../../src/config/sampling.js'
import { startRuntime } from '../../src/runtime/start.js'
import { setUpSampling } from '../../src/sampling/sampling-setup.js'
import { train } from '../../src/training/train.js'
import { fakeConfig, fakeModel } from '../sampling/fake-model.js'
import { fakeDataset, smallConfig } from '../training/fixtures.js'

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-signal-'))
beforeAll(() => startRuntime({ backend: 'wasm' }))
afterAll(() => rmSync(folder, { recursive: true }))

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
