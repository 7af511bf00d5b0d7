import { expect, test } from 'vitest'
import {
  modelConfigFile,
  modelResultsFolder,
  runIdentifier,
  sampleFile,
  videoFile,
} from '../../../src/sampling/results/results-layout.js'

const results = (checkpoint: string, changes = {}) =>
  modelResultsFolder({
    checkpoint,
    step: 4000,
    sampler: 'ancestral',
    eta: 0,
    timestepRespacing: '',
    ...changes,
  })

test.each([
  ['checkpoints/abcdefg/ema_0.9999_550000.pt', 'results/abcdefg/ema_0.9999_550000'],
  ['/scratch/my-checkpoints/group/abcdefg/model000200.pt', 'results/group/abcdefg/model000200'],
  ['checkpoints/abcdefg/ema_0.9999_latest.pt', 'results/abcdefg/ema_0.9999_latest_4000'],
  ['checkpoints/model.pt', 'results/model'],
  ['../checkpoints/./a/../b/model.pt', 'results/b/model'],
  ['/somewhere/else/checkpoint.pt', 'results/else/checkpoint'],
  ['checkpoints/a/checkpoints/b/model.pt', 'results/a/checkpoints/b/model'],
])('%s -> %s', (checkpoint, folder) => {
  expect(results(checkpoint)).toBe(folder)
})

test('of a checkpoint that does not say its step, only a name of one that ends in latest asks for it', () => {
  const without = { step: undefined }
  expect(results('checkpoints/abcdefg/ema_0.9999.pt', without)).toBe('results/abcdefg/ema_0.9999')
  expect(() => results('checkpoints/abcdefg/ema_latest.pt', without)).toThrow(
    'checkpoints/abcdefg/ema_latest.pt: it holds no "step"',
  )
})

test('the way of sampling is part of the folder', () => {
  const checkpoint = 'checkpoints/a/ema_latest.pt'
  expect(results(checkpoint, { sampler: 'ddim' })).toBe('results/a/ema_latest_4000_ddim')
  expect(results(checkpoint, { timestepRespacing: '250' })).toBe('results/a/ema_latest_4000_respace250')
  expect(results(checkpoint, { sampler: 'ddim', timestepRespacing: 'ddim50' })).toBe(
    'results/a/ema_latest_4000_ddim_respaceddim50',
  )
  expect(results(checkpoint, { sampler: 'dpm++' })).toBe('results/a/ema_latest_4000_dpm++')
  expect(results(checkpoint, { sampler: 'sde-dpm++', timestepRespacing: '20' })).toBe(
    'results/a/ema_latest_4000_sde-dpm++_respace20',
  )
  expect(results(checkpoint, { sampler: 'ddim', eta: 0.5 })).toBe('results/a/ema_latest_4000_ddim_eta0.5')
})

test('a run is named by scheme, window, stage, length and observed frames', () => {
  const run = {
    scheme: 'autoreg',
    settings: { videoLength: 1000, observed: 36, maxFrames: 20, stepSize: 10 },
  }
  expect(runIdentifier(run)).toBe('autoreg_20_10_1000_36')
  expect(runIdentifier({ ...run, optimality: 'linspace-t' })).toBe('autoreg_optimal-linspace-t_20_10_1000_36')
  const settings = { ...run.settings, observed: [0, 499, 999] }
  expect(runIdentifier({ scheme: 'infill', settings })).toBe('infill_20_10_1000_0,499,999')
})

test('files of a run', () => {
  expect(sampleFile('run', 7, 2)).toBe('run/samples/sample_0007-2.npy')
  expect(sampleFile('run', 12345, 0)).toBe('run/samples/sample_12345-0.npy')
  expect(modelConfigFile('run')).toBe('run/model_config.json')
  expect(videoFile('run', 4, 2, 'gif')).toBe('run/videos/4_2.gif')
})
