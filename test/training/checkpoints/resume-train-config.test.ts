import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createModel, resolveTrainConfig, resumeTrainConfig, train } from '../../../src/index.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { saveCheckpoint } from '../../../src/training/checkpoints/save-checkpoint.js'
import { disposeState, initialState } from '../../../src/training/step/state.js'
import { availableBackends } from '../../helpers/backends.js'
import { fakeDataset, smallConfig } from '../fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-resume-'))
beforeAll(() => startRuntime({ backend: availableBackends()[0] ?? 'wasm' }))
afterAll(() => rmSync(root, { recursive: true }))

it('a program goes on with a run with the options that it had', { timeout: 120_000 }, async () => {
  const dataset = fakeDataset({ videos: 3, T: 8, imageSize: 32 })
  const before = smallConfig({ max_steps: 1, lr: 1e-3, ema_rate: '0.9', max_frames: 3 })
  const saved = savedRun('old', before)

  // Defaults are another model; the way to those of the run is named.
  const defaults = resolveTrainConfig({ resume_id: 'old', max_steps: 2 })
  await expect(train({ config: defaults, dataset, newRunId: 'old', root })).rejects.toThrow(
    /^--num_channels is 32 in .*model000001\.pt, not 128: .*; resumeTrainConfig fills in what a run had, or start anew$/,
  )

  const config = resumeTrainConfig({ resume_id: 'old', max_steps: 2, lr: undefined }, root)
  expect(config).toEqual({ ...before, resume_id: 'old', max_steps: 2 })
  const result = await train({ config, dataset, newRunId: 'old', root })
  expect(result).toMatchObject({ runId: 'old', step: 2 })
  expect(result.saved?.ema[0]).toMatch(/ema_0\.9_000002\.pt$/)

  // A new run from its weights takes over the model and the data, not the course of training.
  const anew = resumeTrainConfig({ resume_checkpoint: saved.model, batch_size: 2 }, root)
  expect(anew).toMatchObject({ num_channels: 32, T: 8, max_frames: 3, batch_size: 2, lr: 1e-4, max_steps: 0 })

  expect(() => resumeTrainConfig({ resume_id: 'old', num_channels: 64 }, root)).toThrow(
    /^--num_channels is 32 in .*, not 64: .*leave the option out/,
  )
  expect(() => resumeTrainConfig({ resume_id: 'old', maxSteps: 2 } as object, root)).toThrow(
    'resumeTrainConfig: there is no option "maxSteps"; did you mean max_steps?',
  )
})

it('something to go on from has to be named, and there', () => {
  expect(() => resumeTrainConfig({ lr: 1e-3 }, root)).toThrow(
    /^resumeTrainConfig takes what to go on from: resume_id/,
  )
  expect(() => resumeTrainConfig({ resume_id: 'none' }, root)).toThrow(
    /no checkpoint to resume in .*none/,
  )
})

/** As a run leaves it after its first step. */
function savedRun(runId: string, config: ReturnType<typeof smallConfig>) {
  const model = createModel(config)
  const state = initialState(model.parameters, 1)
  model.dispose()
  const host = { step: 1, lastLine: 0, timesteps: { history: [] }, means: {} }
  const saved = saveCheckpoint(path.join(root, runId), config, [0.9], { ...state, optimizerStep: 1 }, host)
  disposeState(state)
  return saved
}
