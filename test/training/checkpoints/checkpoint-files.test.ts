import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { checkpointFileNames, filesBeside, findResume } from '../../../src/training/checkpoints/checkpoint-files.js'
import { pythonFloat } from '../../../src/training/checkpoints/python-float.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fdm-resume-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const touch = (...names: readonly string[]) => {
  for (const name of names) writeFileSync(path.join(folder, name), '')
}
const touchSet = (step: number, rates: readonly number[]) => {
  const { model, ema, optimizer, state } = checkpointFileNames(step, rates)
  touch(model, ...ema, optimizer, state)
}

it('names files as Python does', () => {
  expect(checkpointFileNames(50, [0.9999, 1])).toEqual({
    model: 'model000050.pt',
    ema: ['ema_0.9999_000050.pt', 'ema_1.0_000050.pt'],
    optimizer: 'opt000050.pt',
    state: 'state000050.json',
  })
  // Python's repr of each.
  const spelled = ['0.0', '1.0', '0.5', '0.99', '0.0001', '1e-05', '1.5e-07', '0.999999']
  expect(spelled.map(Number).map(pythonFloat)).toEqual(spelled)
})

it('finds the newest step that is complete', () => {
  touchSet(100, [0.99])
  touchSet(1_000_000, [0.99])
  touchSet(200, [0.99])
  expect(findResume(folder, [0.99])).toEqual({
    step: 1_000_000,
    model: path.join(folder, 'model1000000.pt'),
    ema: [path.join(folder, 'ema_0.99_1000000.pt')],
    optimizer: path.join(folder, 'opt1000000.pt'),
    state: path.join(folder, 'state1000000.json'),
  })
})

it.each([
  [
    'killed before the model',
    ['state000200.json', 'ema_0.99_000200.pt', 'opt000200.pt', '.model000200.pt.1.tmp'],
  ],
  ['without the optimizer', ['ema_0.99_000200.pt', 'model000200.pt']],
  ['without the average', ['opt000200.pt', 'model000200.pt']],
])('passes over a set that is not: %s', (_, names) => {
  touchSet(100, [0.99])
  touch(...names)
  expect(findResume(folder, [0.99]).step).toBe(100)
})

it('reads names with other numbers of digits, and sets of PyTorch, which have no state', () => {
  touch('model42.pt', 'opt000042.pt', 'ema_0.99_42.pt')
  const found = findResume(folder, [0.99])
  expect(found).toMatchObject({ step: 42, optimizer: path.join(folder, 'opt000042.pt') })
  expect(found.state).toBeUndefined()
})

it('asks for no average of a rate that was never saved', () => {
  touchSet(100, [0.99])
  expect(findResume(folder, [0.99, 0.5]).ema).toEqual([path.join(folder, 'ema_0.99_000100.pt'), undefined])
})

it('says so if there is nothing, or nothing complete', () => {
  expect(() => findResume(path.join(folder, 'none'), [0.99])).toThrow(UserError)
  expect(() => findResume(folder, [0.99])).toThrow(/no checkpoint to resume/)
  touch('file')
  expect(() => findResume(path.join(folder, 'file/run'), [0.99])).toThrow(
    /could not look into .*run: a part of its path is a file, not a folder/,
  )
  touch('model000001.pt', 'ema_0.99_000001.pt')
  expect(() => findResume(folder, [0.99])).toThrow(/--resume_checkpoint/)
})

it('takes what lies beside a checkpoint of any name', () => {
  touchSet(100, [0.99])
  expect(filesBeside(path.join(folder, 'ema_0.99_000100.pt'), [0.99]).optimizer).toMatch(/opt000100\.pt$/)
  const renamed = path.join(folder, 'best.pt')
  expect(filesBeside(renamed, [0.99])).toEqual({
    model: renamed,
    ema: [undefined],
    optimizer: undefined,
    state: undefined,
  })
})
