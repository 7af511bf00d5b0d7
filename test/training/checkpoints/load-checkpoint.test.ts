import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { modelOptions } from '../../../src/config/model.js'
import { defaultsOf } from '../../../src/config/option.js'
import { parameterSpecs } from '../../../src/model/parameters.js'
import { createModel } from '../../../src/model/video-model.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { tf } from '../../../src/runtime/tf.js'
import {
  orderedDict,
  readTorchFile,
  tensor,
  writeTorchFile,
  type TorchRecord,
} from '../../../src/torch-file/index.js'
import { loadCheckpoint } from '../../../src/training/checkpoints/load-checkpoint.js'
import { startingPoint } from '../../../src/training/checkpoints/resume.js'
import { saveCheckpoint } from '../../../src/training/checkpoints/save-checkpoint.js'
import { disposeState, initialState } from '../../../src/training/step/state.js'
import { writeCheckpoint } from '../../../src/training/checkpoints/write-checkpoint.js'
import { availableBackends } from '../../helpers/backends.js'
import { smallConfig } from '../fixtures.js'

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-load-'))
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(() => startRuntime({ backend: availableBackends()[0] ?? 'wasm' }))

it('names a damaged file once, and leaves no tensors of it', () => {
  const network = createModel(smallConfig())
  const state = initialState(network.parameters, 1)
  network.dispose()
  const progress = { step: 3, lastLine: 0, timesteps: { history: [] }, means: {} }
  const { model: file } = saveCheckpoint(
    folder,
    smallConfig(),
    [0.99],
    { ...state, optimizerStep: 3 },
    progress,
  )
  disposeState(state)
  const bytes = readFileSync(file)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff
  writeFileSync(file, bytes)

  const { numTensors } = tf.memory()
  let message = ''
  try {
    loadCheckpoint(file)
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toMatch(/the file is damaged: its content has the checksum/)
  expect(message.split(file)).toHaveLength(2)
  expect(tf.memory().numTensors).toBe(numTensors)
})

it("loads one of the original's that asks for classes, which it has not, or does not say its step", () => {
  const config = smallConfig({ class_cond: true })
  const zeros = parameterSpecs(config).map(({ name, shape }) => {
    const size = shape.reduce((product, length) => product * length, 1)
    return [name, tensor('float32', shape, new Float32Array(size))] as const
  })
  const file = path.join(folder, 'mean.pt')
  writeTorchFile(file, { state_dict: orderedDict(zeros), config: { ...config } })
  const { model, config: loaded, step } = loadCheckpoint(file)
  expect([loaded.class_cond, step, model.parameters.size]).toEqual([true, undefined, zeros.length])
  model.dispose()
  // Training counts from 0 then, with classes or without.
  for (const class_cond of [false, true]) {
    const start = startingPoint(smallConfig({ class_cond, resume_checkpoint: file }), folder)
    expect([start.step, start.checkpoint]).toEqual([0, file])
    disposeState(start.state)
  }
})

it('a config has the defaults that its file lacks, and what this program does not know', () => {
  const config = { ...defaultsOf(modelOptions), image_size: 32, num_channels: 32, num_res_blocks: 1 }
  const network = createModel(config)
  const file = path.join(folder, 'old.pt')
  writeCheckpoint(file, { parameters: network.parameters, config, step: 1 })
  network.dispose()
  const content = readTorchFile(file) as TorchRecord
  const { num_heads, rescale_timesteps, ...older } = content.config as TorchRecord
  writeTorchFile(file, { ...content, config: { ...older, scale_growth: 0.001 } })

  const read = loadCheckpoint(file)
  read.model.dispose()
  expect([num_heads, rescale_timesteps]).toEqual([4, true])
  expect(read.config).toEqual({ ...config, scale_growth: 0.001 })
  expect(read.maxFrames).toBeUndefined()
})

it.each([
  [7, 7],
  [0, undefined],
  ['7', undefined],
])('of max_frames %o in its config, a checkpoint says %o', (max_frames, maxFrames) => {
  const config = { ...defaultsOf(modelOptions), image_size: 32, num_channels: 32, num_res_blocks: 1 }
  const network = createModel(config)
  const file = path.join(folder, 'frames.pt')
  writeCheckpoint(file, { parameters: network.parameters, config, step: 1 })
  network.dispose()
  const content = readTorchFile(file) as TorchRecord
  writeTorchFile(file, { ...content, config: { ...(content.config as TorchRecord), max_frames } })
  const read = loadCheckpoint(file)
  read.model.dispose()
  expect(read.maxFrames).toBe(maxFrames)
})
