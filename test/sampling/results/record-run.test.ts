import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { fillModelConfig } from '../../../src/config/model.js'
import { UserError } from '../../../src/errors.js'
import { setCompileSettings, type CompileSettings } from '../../../src/runtime/compile-settings.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { recordRun, type RunOrigin } from '../../../src/sampling/results/record-run.js'
import { temporaryFolders } from '../../data/temporary.js'

const PLAIN: CompileSettings = { precision: 'fp32', xla: false }
beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})

const newFolder = temporaryFolders()
const config = { ...fillModelConfig({}), dataset: 'toy_town', use_ddim: false, lr: 1e-4 }
const checkpoint = { path: 'checkpoints/run/ema_0.9_000100.pt', step: 100, digest: 'a0' }
const options = {
  ...{ seed: 0, sampler: undefined, clip_denoised: true },
  ...{ eta: 0, use_ddim: false, limit_extrapolation: true },
}

/** The folder of a run that has made a sample with these settings. */
function begunRun(): string {
  const folder = newFolder()
  recordRun(folder, config, { checkpoint, options })
  mkdirSync(path.join(folder, 'samples'))
  writeFileSync(path.join(folder, 'samples', 'sample_0000-0.npy'), '')
  return folder
}

test('what samples are made with is kept beside them, and the same is no contradiction', () => {
  const folder = begunRun()
  const read = (name: string): unknown => JSON.parse(readFileSync(path.join(folder, name), 'utf8'))
  expect(read('model_config.json')).toEqual(config)
  const [model, lr] = ['elsewhere/ema_0.9_000100.pt', 1]
  recordRun(folder, { ...config, lr }, { checkpoint: { ...checkpoint, path: model }, options })
  expect(read('sampling.json')).toEqual({
    checkpoint: 'ema_0.9_000100.pt',
    step: 100,
    parameters: 'a0',
    sampler: 'ancestral',
    eta: 0,
    seed: 0,
    clip_denoised: true,
    backend: 'wasm',
    precision: 'fp32',
    xla: 'off',
  })
})

test.each<[Partial<typeof config>, Partial<RunOrigin['options']>, Partial<RunOrigin['checkpoint']>, string]>([
  [{}, { seed: 3 }, {}, 'with seed 0, these would be with seed 3'],
  [{}, { clip_denoised: false }, {}, 'with clip_denoised True, these would be with clip_denoised False'],
  [{}, { use_ddim: true, eta: 0.5 }, {}, 'with sampler ancestral, these would be with sampler ddim'],
  [{}, { sampler: 'dpm++' }, {}, 'with sampler ancestral, these would be with sampler dpm++'],
  [
    {},
    { sampler: 'dpm++', limit_extrapolation: false },
    {},
    'with sampler ancestral, these would be with sampler dpm++_unlimited',
  ],
  [{}, { use_ddim: true }, {}, 'with sampler ancestral, these would be with sampler ddim'],
  [{}, {}, { path: 'model000100.pt' }, 'with checkpoint ema_0.9_000100.pt, these would be'],
  [{}, {}, { step: 200 }, 'with step 100, these would be with step 200'],
  [{}, {}, { digest: 'b1' }, 'with parameters a0, these would be with parameters b1'],
  [{ timestep_respacing: '50' }, {}, {}, 'with timestep_respacing "", these would be'],
  [{ use_ddim: true }, {}, {}, 'with use_ddim False, these would be with use_ddim True'],
  [{ num_channels: 64 }, {}, {}, 'with num_channels 128, these would be with num_channels 64'],
  [{ noise_schedule: 'cosine' }, {}, {}, 'with noise_schedule linear, these would be'],
  [{ dataset: 'minerl' }, {}, {}, 'with dataset toy_town, these would be with dataset minerl'],
])('other settings are refused: %o %o %o', (changes, otherOptions, otherCheckpoint, message) => {
  const folder = begunRun()
  const before = readFileSync(path.join(folder, 'sampling.json'))
  const again = () =>
    recordRun(
      folder,
      { ...config, ...changes },
      {
        checkpoint: { ...checkpoint, ...otherCheckpoint },
        options: { ...options, ...otherOptions },
      },
    )
  expect(again).toThrow(UserError)
  expect(again).toThrow(message)
  expect(again).toThrow(/give the same again, or another folder with --eval_dir$/)
  expect(readFileSync(path.join(folder, 'sampling.json'))).toEqual(before)
})

test.each<[string, Partial<CompileSettings>]>([
  ['precision fp32, these would be with precision bf16', { precision: 'bf16' }],
  ['xla off, these would be with xla on', { xla: true }],
])('samples that were computed otherwise are not mixed: %s', (message, other) => {
  const folder = begunRun()
  setCompileSettings({ ...PLAIN, ...other })
  try {
    expect(() => recordRun(folder, config, { checkpoint, options })).toThrow(`with ${message}`)
  } finally {
    setCompileSettings(PLAIN)
  }
})

test('nor are those of two backends, whose noise is not the same', () => {
  const folder = begunRun()
  const file = path.join(folder, 'sampling.json')
  const before = readFileSync(file, 'utf8')
  writeFileSync(file, before.replace('"backend": "wasm"', '"backend": "tensorflow"'))
  const again = () => recordRun(folder, config, { checkpoint, options })
  expect(again).toThrow('with backend tensorflow, these would be with backend wasm')
  // Of a version that did not say it.
  writeFileSync(file, before.replace('    "backend": "wasm",\n', ''))
  expect(again).not.toThrow()
})

test('nor are those of DPM-Solver++ with and without its limit', () => {
  const folder = newFolder()
  const record = (limit_extrapolation: boolean) => () =>
    recordRun(folder, config, { checkpoint, options: { ...options, sampler: 'dpm++', limit_extrapolation } })
  record(true)()
  mkdirSync(path.join(folder, 'samples'))
  writeFileSync(path.join(folder, 'samples', 'sample_0000-0.npy'), '')
  expect(record(false)).toThrow('with sampler dpm++, these would be with sampler dpm++_unlimited')
  expect(record(true)).not.toThrow()
})

test('a run that has made nothing yet may begin again with others', () => {
  const folder = newFolder()
  recordRun(folder, config, { checkpoint, options })
  recordRun(folder, config, { checkpoint, options: { ...options, seed: 7 } })
  expect(readFileSync(path.join(folder, 'sampling.json'), 'utf8')).toContain('"seed": 7')
})

test('what another program has not said is not compared', () => {
  const folder = begunRun()
  writeFileSync(path.join(folder, 'model_config.json'), '{"diffusion_steps": 1000}')
  recordRun(folder, config, { checkpoint, options })
  writeFileSync(path.join(folder, 'sampling.json'), '{"seed": ')
  expect(() => recordRun(folder, config, { checkpoint, options })).toThrow(
    /sampling\.json is damaged: it holds no JSON object; remove it if the samples there were made as these/,
  )
  rmSync(path.join(folder, 'sampling.json'))
  recordRun(folder, config, { checkpoint, options })
  expect(readFileSync(path.join(folder, 'sampling.json'), 'utf8')).toContain('"seed": 0')
})

test('what another process said at the same time is found out once this one has a claim', () => {
  const folder = newFolder()
  const record = (seed: number) => () =>
    recordRun(folder, config, { checkpoint, options: { ...options, seed } })
  record(1)()
  // Nothing is there yet that it would contradict.
  record(2)()
  mkdirSync(path.join(folder, 'samples'))
  writeFileSync(path.join(folder, 'samples', 'sample_0000-0.claim-1'), '')
  expect(record(1)).toThrow('with seed 2, these would be with seed 1')
  expect(record(2)).not.toThrow()
})

test('a folder of an earlier version learns what it did not say, and holds others to it', () => {
  const folder = begunRun()
  const file = path.join(folder, 'sampling.json')
  const complete = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  writeFileSync(file, JSON.stringify({ ...complete, backend: undefined, xla: undefined, note: 'by hand' }))
  const record = (weights: string) => () => recordRun(folder, config, { checkpoint, options, weights })
  record('abc')()
  const learnt = { ...complete, lpips_weights: 'abc', note: 'by hand' }
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(learnt)
  expect(record('def')).toThrow('with lpips_weights abc, these would be with lpips_weights def')
})
