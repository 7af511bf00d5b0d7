import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { runtimeOptions } from '../../src/config/runtime-options.js'
import { fillTrainConfig } from '../../src/config/training.js'
import { UserError } from '../../src/errors.js'
import { setCompileSettings } from '../../src/runtime/compile-settings.js'
import { startRuntime } from '../../src/runtime/start.js'
import { requireRuntime } from '../../src/training/require-runtime.js'
import { train } from '../../src/training/train.js'
import { fakeDataset, smallConfig } from './fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-require-runtime-'))
afterAll(() => rmSync(root, { recursive: true }))

beforeEach(async () => {
  await startRuntime({ backend: 'wasm' })
})

it('says what a runtime is to be started with', () => {
  const config = fillTrainConfig({ precision: 'tf32', xla: 'off', backend: 'tensorflow' })
  expect(runtimeOptions(config)).toEqual({ precision: 'tf32', xla: 'off', backend: 'tensorflow' })
  expect(runtimeOptions(fillTrainConfig({ use_fp16: true })).precision).toBe('bf16')
})

it.each([
  [{ precision: 'bf16' }, 'the configuration asks for precision bf16, but the runtime was started with fp32'],
  [{ use_fp16: true }, 'asks for precision bf16'],
  [{ precision: 'tf32' }, 'asks for precision tf32'],
  [{ xla: 'on' }, 'the configuration asks for xla on, but the runtime was started with auto'],
  [{ backend: 'tensorflow' }, 'asks for backend tensorflow, but the runtime was started with wasm'],
] as const)('refuses %o of a runtime that was started without', (options, message) => {
  expect(() => requireRuntime(fillTrainConfig(options))).toThrow(UserError)
  expect(() => requireRuntime(fillTrainConfig(options))).toThrow(message)
})

it('refuses a runtime that was started with more than the configuration says', async () => {
  await startRuntime({ backend: 'wasm', precision: 'bf16' })
  expect(() => requireRuntime(fillTrainConfig({}))).toThrow(/precision fp32, but .* started with bf16/)
  setCompileSettings({ precision: 'fp32', xla: true }, { precision: 'fp32', xla: 'auto' })
  expect(() => requireRuntime(fillTrainConfig({ xla: 'off' }))).toThrow('xla off')
  requireRuntime(fillTrainConfig({ xla: 'auto' }))
  requireRuntime(fillTrainConfig({ xla: 'on' }))
})

it.each([
  { precision: 'bf16' },
  { precision: 'tf32' },
  { use_fp16: true, xla: 'on' },
  { xla: 'off' },
  { backend: 'wasm' },
] as const)('takes %o as it was asked for, although it is replaced here', async (options) => {
  const config = fillTrainConfig(options)
  const runtime = await startRuntime({ ...runtimeOptions(config), backend: 'wasm' })
  expect(runtime).toMatchObject({ precision: 'fp32', xla: false })
  requireRuntime(config)
})

it('is asked before a run has a folder', async () => {
  const run = train({
    config: smallConfig({ max_steps: 1, num_workers: 0, precision: 'bf16' }),
    dataset: fakeDataset({ videos: 3, T: 8, imageSize: 32 }),
    newRunId: 'rounded',
    root,
  })
  await expect(run).rejects.toThrow('call startRuntime(runtimeOptions(config)) before train')
  expect(existsSync(path.join(root, 'rounded'))).toBe(false)
})
