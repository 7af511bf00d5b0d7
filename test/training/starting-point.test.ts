import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createModel } from '../../src/model/video-model.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { checkpointFileNames } from '../../src/training/checkpoints/checkpoint-files.js'
import { startingPoint } from '../../src/training/checkpoints/resume.js'
import { saveCheckpoint } from '../../src/training/checkpoints/save-checkpoint.js'
import { disposeState, initialState } from '../../src/training/step/state.js'
import { availableBackends } from '../helpers/backends.js'
import { smallConfig } from './fixtures.js'

const root = mkdtempSync(path.join(tmpdir(), 'fdm-start-'))
beforeAll(() => startRuntime({ backend: availableBackends()[0] ?? 'wasm' }))
afterAll(() => rmSync(root, { recursive: true }))

const config = smallConfig({ ema_rate: '0.99' })
const host = { step: 2, lastLine: 0, timesteps: { history: [] }, means: {} }

/** A run of one set. */
function save(run: string): string {
  const folder = path.join(root, run)
  const model = createModel(config)
  const state = initialState(model.parameters, 1)
  model.dispose()
  saveCheckpoint(folder, config, [0.99], { ...state, optimizerStep: 2 }, host)
  disposeState(state)
  return folder
}

it('clears away what killed processes left of saving and removing, on whatever machine', () => {
  const folder = save('run')
  const set = readdirSync(folder).sort()

  const { ema, optimizer, state: hostState } = checkpointFileNames(1, [0.99])
  const left = [...ema, optimizer, hostState]
  const unfinished = '.model000003.pt.another-machine.17.0-0.tmp'
  for (const name of [...left, unfinished]) writeFileSync(path.join(folder, name), '')
  writeFileSync(path.join(folder, '.removing.json'), JSON.stringify(left))

  const start = startingPoint({ ...config, resume_id: 'run' }, root)
  disposeState(start.state)
  expect(start).toMatchObject({ step: 2, optimizerStep: 2, host })
  expect(readdirSync(folder).sort()).toEqual(set)
})

it('leaves no tensors where a file is damaged, whichever it is', () => {
  const folder = save('damaged')
  const { numTensors } = tf.memory()
  const resume = () => startingPoint({ ...config, resume_id: 'damaged' }, root).state
  disposeState(resume())
  expect(tf.memory().numTensors).toBe(numTensors)
  for (const name of ['model000002.pt', 'opt000002.pt', 'ema_0.99_000002.pt', 'state000002.json']) {
    const file = path.join(folder, name)
    const bytes = readFileSync(file)
    const middle = Math.floor(bytes.length / 2)
    writeFileSync(file, bytes.with(middle, (bytes[middle] ?? 0) ^ 0xff))
    expect(resume, name).toThrow(/is damaged/)
    expect(tf.memory().numTensors, name).toBe(numTensors)
    writeFileSync(file, bytes)
  }
})
