import path from 'node:path'
import { expect, test } from 'vitest'
import { withCheckpoint } from '../../scripts/sampling-inputs.js'
import { defaultsOf } from '../../src/config/option.js'
import { samplingOptions } from '../../src/config/sampling.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { writeCheckpoint } from '../../src/training/checkpoints/write-checkpoint.js'
import { tinyConfig, tinyModel } from '../helpers/tiny-model.js'
import { temporaryFolder } from '../torch-file/handmade.js'

const folder = temporaryFolder()
const terminal = {
  signal: new AbortController().signal,
  log: () => undefined,
  progress: () => ({ update: () => undefined, clear: () => undefined, stop: () => undefined }),
}
const options = { ...defaultsOf(samplingOptions), backend: 'wasm' } as const

test('the model of a checkpoint is freed when the work is done, also if it fails', async () => {
  await startRuntime({ backend: 'wasm' })
  const file = path.join(folder, 'model000003.pt')
  const config = tinyConfig()
  const model = tinyModel(config)
  writeCheckpoint(file, { parameters: model.parameters, config, step: 3 })
  model.dispose()
  const before = tf.memory().numTensors
  const step = await withCheckpoint(file, options, terminal, (checkpoint) => {
    expect(tf.memory().numTensors).toBe(before + checkpoint.model.parameters.size)
    return Promise.resolve(checkpoint.step)
  })
  expect(step).toBe(3)
  expect(tf.memory().numTensors).toBe(before)
  const fails = () => Promise.reject(new Error('it failed'))
  await expect(withCheckpoint(file, options, terminal, fails)).rejects.toThrow('it failed')
  expect(tf.memory().numTensors).toBe(before)
})
