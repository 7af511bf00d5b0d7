import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fillModelConfig } from '../../../src/config/model.js'
import { UserError } from '../../../src/errors.js'
import { createModel } from '../../../src/model/video-model.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { tf } from '../../../src/runtime/tf.js'
import { loadCheckpoint } from '../../../src/training/checkpoints/load-checkpoint.js'
import { writeCheckpoint } from '../../../src/training/checkpoints/write-checkpoint.js'

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-write-'))
const file = path.join(folder, 'own.pt')
const config = fillModelConfig({ image_size: 32, num_channels: 32, num_res_blocks: 1, learn_sigma: true })

beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})
afterAll(() => rmSync(folder, { recursive: true }))

it('is read as it was written, and leaves no tensors', async () => {
  const model = createModel(config, { seed: 3 })
  const withNote = { ...config, note: 'mine' }
  const before = tf.memory().numTensors
  writeCheckpoint(file, { parameters: model.parameters, config: withNote, step: 7 })
  expect(tf.memory().numTensors).toBe(before)

  const read = loadCheckpoint(file)
  expect(read.step).toBe(7)
  expect(read.config).toEqual(withNote)
  expect([...read.model.parameters.keys()]).toEqual([...model.parameters.keys()])
  for (const [name, parameter] of model.parameters) {
    const there = await read.model.parameters.get(name)?.data<'float32'>()
    const differs = (await parameter.data<'float32'>()).findIndex((value, i) => value !== there?.[i])
    expect(differs, name).toBe(-1)
  }
  read.model.dispose()
  model.dispose()
})

it('refuses parameters of another model, and writes nothing then', () => {
  const model = createModel(fillModelConfig({ ...config, num_channels: 64 }))
  const { parameters } = model
  const other = path.join(folder, 'other.pt')
  expect(() => writeCheckpoint(other, { parameters, config, step: 1 })).toThrow(UserError)
  expect(() => writeCheckpoint(other, { parameters, config, step: 1 })).toThrow(
    /has a parameter time_embed\.0\.weight of 4096 numbers, not 16384/,
  )
  expect(() => writeCheckpoint(other, { parameters: new Map(), config, step: 1 })).toThrow(/not none/)
  expect(() => writeCheckpoint(other, { parameters, config, step: 0.5 })).toThrow(
    /as step an integer, not 0\.5/,
  )
  expect(readdirSync(folder)).not.toContain('other.pt')
  model.dispose()
})
