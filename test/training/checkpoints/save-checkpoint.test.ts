import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { createModel } from '../../../src/model/video-model.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { readTorchFile, type TorchRecord } from '../../../src/torch-file/index.js'
import { findResume } from '../../../src/training/checkpoints/checkpoint-files.js'
import { saveCheckpoint } from '../../../src/training/checkpoints/save-checkpoint.js'
import { disposeState, initialState, type TrainingState } from '../../../src/training/step/state.js'
import { availableBackends } from '../../helpers/backends.js'
import { leaveRoom } from '../../helpers/limited-fs.js'
import { smallConfig } from '../fixtures.js'

const disk = vi.hoisted(() => ({
  folder: '',
  noted: [] as string[][],
  events: [] as string[],
}))

/** A disk that may be full, and says which names in a folder it has noted for good. */
vi.mock('node:fs', async (importOriginal) => {
  const actual = await importOriginal<typeof import('node:fs')>()
  const { limitedFs } = await import('../../helpers/limited-fs.js')
  const fsyncSync = (fd: number) => {
    actual.fsyncSync(fd)
    disk.events.push('sync')
    if (actual.fstatSync(fd).isDirectory()) disk.noted.push(actual.readdirSync(disk.folder).sort())
  }
  const renameSync = (from: string, to: string) => {
    disk.events.push('rename')
    actual.renameSync(from, to)
  }
  return { ...limitedFs(actual), fsyncSync, renameSync }
})

const folder = mkdtempSync(path.join(tmpdir(), 'fdm-save-'))
const rates = [0.99]
let state: TrainingState
const save = (step: number, changes: Parameters<typeof smallConfig>[0] = {}) =>
  saveCheckpoint(
    folder,
    smallConfig(changes),
    rates,
    { ...state, optimizerStep: step },
    { step, lastLine: 0, timesteps: { history: [] }, means: {} },
  )

beforeAll(async () => {
  disk.folder = folder
  await startRuntime({ backend: availableBackends()[0] ?? 'wasm' })
  const model = createModel(smallConfig())
  state = initialState(model.parameters, 1)
  model.dispose()
})
afterAll(() => {
  disposeState(state)
  rmSync(folder, { recursive: true })
})

it('a disk that is full at any point leaves the previous set, and nothing else', () => {
  save(1)
  const before = readdirSync(folder).sort()
  // Model and average are 8 MB each, the optimizer 16 MB.
  for (const bytes of [10, 4e6, 12e6, 30e6]) {
    leaveRoom(folder, bytes)
    expect(() => save(2)).toThrow(UserError)
    expect(readdirSync(folder).sort()).toEqual(before)
    expect(findResume(folder, rates).step).toBe(1)
  }
  leaveRoom(folder, Infinity)
  save(2)
  expect(findResume(folder, rates).step).toBe(2)
})

it('keeps the files of a step that is saved once more in vain', () => {
  leaveRoom(folder, 12e6)
  expect(() => save(2)).toThrow(UserError)
  leaveRoom(folder, Infinity)
  expect(findResume(folder, rates).step).toBe(2)
})

it('has the disk note the other names of a set before that of the model, and that in the end', () => {
  disk.noted = []
  disk.events = []
  save(3)
  const set = ['ema_0.99_000003.pt', 'opt000003.pt', 'state000003.json']
  const ofStep = disk.noted.map((names) => names.filter((name) => name.includes('000003')))
  expect(ofStep).toEqual([set, ['ema_0.99_000003.pt', 'model000003.pt', 'opt000003.pt', 'state000003.json']])
  // A file's content, too, before its name: those of three files, their names, those of the model's.
  const file = ['sync', 'rename']
  expect(disk.events).toEqual([...file, ...file, ...file, 'sync', ...file, 'sync'])
})

it('keeps the learning rate that was used last with the state of the optimizer, as PyTorch does', () => {
  const lrOf = (step: number, lr_anneal_steps: number) => {
    save(step, { lr: 1e-3, lr_anneal_steps })
    const file = path.join(folder, `opt${String(step).padStart(6, '0')}.pt`)
    const [group] = (readTorchFile(file) as { param_groups: TorchRecord[] }).param_groups
    return group?.lr
  }
  // The last of four updates is made with a quarter of the first one's.
  expect([lrOf(4, 4), lrOf(1, 4), lrOf(3, 0)]).toEqual([0.00025, 1e-3, 1e-3])
})
