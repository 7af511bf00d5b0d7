import path from 'node:path'
import { expect, test } from 'vitest'
import { readTorchFile, TorchTensor, type TorchRecord } from '../../src/torch-file/index.js'

/** `torch.jit.script(..).save(..)` of PyTorch 2.13: a module with a convolution in a module of its own. */
const FILE = path.join(import.meta.dirname, 'torchscript-2.13.pt')

test('a TorchScript module is a record of its attributes', () => {
  const module = readTorchFile(FILE) as TorchRecord
  expect(module).toMatchObject({ training: false, scale: 1.5 })
  expect(valuesOf(module.shift)).toEqual([0, 1, 2])
  const first = module.first as TorchRecord
  expect(first).toMatchObject({ pads: [1, 2], names: ['a'] })
  const { weight } = first.conv3d as TorchRecord
  expect(valuesOf(weight)).toEqual([0.25, -4])
  expect((weight as TorchTensor).shape).toEqual([2, 1, 1, 1, 1])
})

const valuesOf = (value: unknown) => (value instanceof TorchTensor ? [...value.numbers()] : value)
