import path from 'node:path'
import { expect, test } from 'vitest'
import {
  orderedDict,
  readCheckpointFile,
  readStateDict,
  tensor,
  writeTorchFile,
  type TorchInput,
} from '../../src/torch-file/index.js'
import { temporaryFolder } from './handmade.js'

const folder = temporaryFolder()
const w = tensor('float32', [2], [1, 2])

function write(value: TorchInput, name = 'model.pt'): string {
  const file = path.join(folder, name)
  writeTorchFile(file, value)
  return file
}

test('a checkpoint has its tensors, its config with unknown keys, and its step', () => {
  const config = { lr: 1e-4, resume_id: '', something_new: [1, 2] }
  const file = write({ state_dict: orderedDict([['b.weight', w], ['a.weight', w]]), config, step: 12 }) // prettier-ignore
  const checkpoint = readCheckpointFile(file)
  expect([...checkpoint.stateDict.keys()]).toEqual(['b.weight', 'a.weight'])
  expect(checkpoint.stateDict.get('a.weight')?.data()).toEqual(Float32Array.of(1, 2))
  expect(checkpoint.config).toEqual(config)
  expect(checkpoint.step).toBe(12)
})

test('the wrappers of training on several GPUs and of compiling are taken off, if all names have them', () => {
  const names = (dict: Record<string, typeof w>) => [...readStateDict(write({ state_dict: dict })).keys()]
  expect(names({ 'module.a': w, 'module.b': w })).toEqual(['a', 'b'])
  expect(names({ 'module.a': w, b: w })).toEqual(['module.a', 'b'])
  expect(names({ '_orig_mod.a': w, '_orig_mod.b': w })).toEqual(['a', 'b'])
  expect(names({ '_orig_mod.module.a': w, '_orig_mod.module.b': w })).toEqual(['a', 'b'])
  expect(names({ 'module._orig_mod.a': w, 'module._orig_mod.b': w })).toEqual(['a', 'b'])
})

test('a bare state dict', () => {
  expect([...readStateDict(write(orderedDict([['x', w]]))).keys()]).toEqual(['x'])
  expect([...readStateDict(write(orderedDict([['1', w], ['0', w]]))).keys()]).toEqual(['1', '0']) // prettier-ignore
})

test('a missing step comes from the end of the name, if it is there; a tensor can be one', () => {
  const value = { state_dict: { w }, config: {} }
  expect(readCheckpointFile(write(value, 'ema_0.9999_550000.pt')).step).toBe(550000)
  expect(readCheckpointFile(write(value, 'model012.pt')).step).toBe(12)
  expect(readCheckpointFile(write({ ...value, step: tensor('int64', [], [5]) })).step).toBe(5)
  for (const name of ['latest.pt', 'ema_0.9999_latest.pt', 'ema_0.9999.pt', 'model000123_ema.pt'])
    expect(readCheckpointFile(write(value, name)).step).toBeUndefined()
})

test.each<[TorchInput, RegExp]>([
  [{ state_dict: { w } }, /model\.pt: a checkpoint with a "config".* a dict of 1 \("state_dict"\)/],
  [w, /a checkpoint with a "config".* a tensor of shape \[2\]/],
  [
    { state_dict: { w, x: 3 }, config: {}, step: 1 },
    /"x" of the state dict is a number, a tensor was expected/,
  ],
  [{ state_dict: [w], config: {}, step: 1 }, /tensors by name .* a list of 1/],
  [{ state_dict: {}, config: {}, step: 1 }, /its state dict is empty/],
  [{ state_dict: { w }, config: {}, step: 'x' }, /its "step" is "x", a whole number/],
  [{ state_dict: { w }, config: {}, step: -1 }, /its "step" is a number/],
])('a file that is no checkpoint says what it is (%#)', (value, message) => {
  expect(() => readCheckpointFile(write(value))).toThrow(message)
})
