import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { defaultsOf } from '../../../src/config/option.js'
import { modelOptions } from '../../../src/config/model.js'
import { createModel } from '../../../src/model/video-model.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { readTorchFile, writeTorchFile, type TorchRecord } from '../../../src/torch-file/index.js'
import { loadCheckpoint } from '../../../src/training/checkpoints/load-checkpoint.js'
import { saveCheckpoint } from '../../../src/training/checkpoints/save-checkpoint.js'
import { disposeState, initialState } from '../../../src/training/step/state.js'
import { writeCheckpoint } from '../../../src/training/checkpoints/write-checkpoint.js'
import { availableBackends } from '../../helpers/backends.js'
import { smallConfig } from '../fixtures.js'

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-load-'))
afterAll(() => rmSync(folder, { recursive: true }))

it('names a damaged file once', async () => {
  await startRuntime({ backend: availableBackends()[0] ?? 'wasm' })
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

  let message = ''
  try {
    loadCheckpoint(file)
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toMatch(/the file is damaged: its content has the checksum/)
  expect(message.split(file)).toHaveLength(2)
})

it('a config has the defaults that its file lacks, and what this program does not know', async () => {
  await startRuntime({ backend: availableBackends()[0] ?? 'wasm' })
  const config = { ...defaultsOf(modelOptions), image_size: 32, num_channels: 32, num_res_blocks: 1 }
  const network = createModel(config)
  const file = path.join(folder, 'old.pt')
  writeCheckpoint(file, { parameters: network.parameters, config, step: 1 })
  network.dispose()
  const content = readTorchFile(file) as TorchRecord
  const { num_heads, rescale_timesteps, ...older } = content.config as TorchRecord
  writeTorchFile(file, { ...content, config: { ...older, fp16_scale_growth: 0.001 } })

  const read = loadCheckpoint(file)
  read.model.dispose()
  expect([num_heads, rescale_timesteps]).toEqual([4, true])
  expect(read.config).toEqual({ ...config, fp16_scale_growth: 0.001 })
})
