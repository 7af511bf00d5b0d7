import path from 'node:path'
import { expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { readTorchFile, writeTorchFile, type TorchTensor } from '../../src/torch-file/index.js'
import { temporaryFolder } from './handmade.js'

/**
 * PyTorch 2.13: `torch.save({'state_dict': {'weight': f}, 'optimizer': {'state': {0: odd}}})` with `f = torch.ones(2, 3)`
 * and `odd` f as `float8_e4m3fn`, as `complex64`, `to_sparse()`, `to_sparse_csr()`, `quantize_per_tensor(f, 0.1, 0,
 * torch.quint8)` and `quantize_per_channel(f, torch.ones(2), torch.zeros(2), 0, torch.qint8)`, and
 * `torch.ones(4, 4).to_sparse_bsc((2, 2))`.
 */
const FILE = path.join(import.meta.dirname, 'unusual-tensors-2.13.pt')
interface Content {
  readonly state_dict: Readonly<Record<'weight', TorchTensor>>
  readonly optimizer: {
    readonly state: ReadonlyMap<number, Readonly<Record<string, TorchTensor>>>
  }
}
const content = readTorchFile(FILE) as unknown as Content
const odd = (name: string) => content.optimizer.state.get(0)?.[name] ?? expect.fail(`no ${name}`)

it('what else is in the file is read', () => {
  expect([...content.state_dict.weight.data()]).toEqual([1, 1, 1, 1, 1, 1])
})

it.each([
  ['float8', [2, 3], 'a tensor of type float8_e4m3fn cannot be read; save it as float32'],
  ['complex', [2, 3], 'a tensor of type complex64 cannot be read; save its real and imaginary parts'],
  ['coo', [2, 3], 'a sparse tensor of type float32 cannot be read; save its to_dense()'],
  ['csr', [2, 3], 'a sparse tensor of type float32 cannot be read; save its to_dense()'],
  ['bsc', [4, 4], 'a sparse tensor of type float32 cannot be read; save its to_dense()'],
  ['quantised', [2, 3], 'a quantised tensor of type uint8 cannot be read; save its dequantize()'],
  ['per_channel', [2, 3], 'a quantised tensor of type int8 cannot be read; save its dequantize()'],
])('%s is an error that names it when it is asked for', (name, shape, message) => {
  const tensor = odd(name)
  expect(tensor.shape).toEqual(shape)
  for (const read of [() => tensor.data(), () => tensor.rows(0, 1), () => tensor.gatherRows([1])]) {
    expect(read).toThrow(UserError)
    expect(read).toThrow(message)
  }
  expect(() => tensor.toFloat32()).toThrow(/^\S+unusual-tensors-2.13.pt: "\S+": optimizer\.state\.0\.\w+: a /)
})

it('of what is written again only what has elements of its own is taken', () => {
  const file = path.join(temporaryFolder(), 'again.pt')
  writeTorchFile(file, { float8: odd('float8') })
  expect(readTorchFile(file)).toMatchObject({ float8: { dtype: 'float8_e4m3fn', shape: [2, 3] } })
  expect(() => writeTorchFile(file, odd('coo'))).toThrow(/a sparse tensor cannot be read/)
})
