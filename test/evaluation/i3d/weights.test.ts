import { mkdtempSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { CLASSES, i3dUnits, LAST_CHANNELS } from '../../../src/evaluation/i3d/architecture.js'
import { findI3dWeights } from '../../../src/evaluation/i3d/find-i3d-weights.js'
import { foldI3dWeights } from '../../../src/evaluation/i3d/fold-i3d-weights.js'
import { tensorflowNames } from '../../../src/evaluation/i3d/tensorflow-names.js'
import { tensorflowSource, torchSource } from '../../../src/evaluation/i3d/weight-source.js'
import type { WeightArray } from '../../../src/torch-file/tensors-by-name.js'
import { orderedDict, tensor, writeTorchFile } from '../../../src/torch-file/index.js'
import { sizeOf } from '../../helpers/golden.js'
import { netsFolders } from '../../helpers/golden-nets.js'
import { temporaryFolder } from '../../torch-file/handmade.js'

const scratch = temporaryFolder()
type Weights = [name: string, array: WeightArray][]

const made = (shape: readonly number[], value: (i: number) => number): WeightArray => ({
  shape,
  toFloat32: () => Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(i)),
})
const ramp = (phase: number) => (i: number) => 1 + 0.5 * Math.sin(i + phase)

/** The weights as PyTorch and as TensorFlow hold them, with the same numbers in the same places. */
function bothForms(): { torch: Weights; tensorflow: Weights } {
  const torch: Weights = []
  const tensorflow: Weights = []
  const layers = [
    ...i3dUnits(),
    { name: 'logits', size: [1, 1, 1] as const, channelsIn: LAST_CHANNELS, channelsOut: CLASSES },
  ]
  for (const { name, size, channelsIn, channelsOut } of layers) {
    const places = sizeOf(size)
    const value = (place: number, into: number, out: number) => ((place * 7 + into * 3 + out) % 101) - 50
    torch.push([
      `${name}.conv3d.weight`,
      made([channelsOut, channelsIn, ...size], (i) =>
        value(i % places, Math.floor(i / places) % channelsIn, Math.floor(i / places / channelsIn)),
      ),
    ])
    const tfName = `RGB/inception_i3d/${tensorflowNames(name).at(-1) ?? ''}`
    tensorflow.push([
      `${tfName}/conv_3d/w`,
      made([...size, channelsIn, channelsOut], (i) =>
        value(
          Math.floor(i / channelsOut / channelsIn),
          Math.floor(i / channelsOut) % channelsIn,
          i % channelsOut,
        ),
      ),
    ])
    if (name === 'logits') {
      torch.push([`${name}.conv3d.bias`, made([channelsOut], ramp(1))])
      tensorflow.push([`${tfName}/conv_3d/b`, made([channelsOut], ramp(1))])
      continue
    }
    torch.push([`${name}.bn.weight`, made([channelsOut], () => 1)])
    const parts = [
      ['bias', 'beta'],
      ['running_mean', 'moving_mean'],
      ['running_var', 'moving_variance'],
    ] as const
    parts.forEach(([torchPart, tensorflowPart], phase) => {
      torch.push([`${name}.bn.${torchPart}`, made([channelsOut], ramp(phase))])
      const shape = name.startsWith('Mixed_4') ? [1, 1, 1, 1, channelsOut] : [channelsOut]
      tensorflow.push([`${tfName}/batch_norm/${tensorflowPart}`, made(shape, ramp(phase))])
    })
  }
  return { torch, tensorflow }
}

describe('weights of I3D', () => {
  const { torch, tensorflow } = bothForms()
  const fold = (weights: Weights) => {
    const source = torchSource('file', new Map(weights)) ?? tensorflowSource('file', new Map(weights))
    return foldI3dWeights(source ?? expect.fail('no weights of I3D'))
  }

  test('are the same in every form', { timeout: 60_000 }, () => {
    const { layers, hash } = fold(torch)
    const { kernel, bias } = layers.get('Conv3d_2b_1x1') ?? expect.fail()
    // Kernel (in 1, out 2), with the formula of batch normalisation.
    const scale = 1 / Math.sqrt(ramp(2)(2) + 1e-3)
    expect(kernel[64 + 2]).toBeCloseTo((3 + 2 - 50) * scale, 4)
    expect(bias[2]).toBeCloseTo(ramp(0)(2) - ramp(1)(2) * scale, 6)
    expect(fold(tensorflow).hash).toBe(hash)
    const other: Weights = torch.map(([name, array]) => {
      return name === 'logits.conv3d.bias' ? [name, made([CLASSES], ramp(2))] : [name, array]
    })
    expect(fold(other).hash).not.toBe(hash)
  })

  test('that are missing or of another shape are named', () => {
    const without = torch.filter(([name]) => name !== 'Conv3d_1a_7x7.bn.running_var')
    expect(() => fold(without)).toThrow(
      'file: the tensor Conv3d_1a_7x7.bn.running_var of shape [64] is missing',
    )
    const grey = torch.map(([name, array]): [string, WeightArray] =>
      name === 'Conv3d_1a_7x7.conv3d.weight' ? [name, made([64, 1, 7, 7, 7], () => 0)] : [name, array],
    )
    expect(() => fold(grey)).toThrow(
      'Conv3d_1a_7x7.conv3d.weight has shape [64, 1, 7, 7, 7], I3D on Kinetics-400 has [64, 3, 7, 7, 7]',
    )
    const half = tensorflow.filter(([name]) => !name.endsWith('Conv3d_1a_7x7/conv_3d/w'))
    expect(() => fold(half)).toThrow('RGB/inception_i3d/Conv3d_1a_7x7/conv_3d/w of shape [7, 7, 7, 3, 64]')
  })
})

describe('where weights are found', () => {
  const newFolder = () => mkdtempSync(path.join(scratch, 'weights-'))
  const beta = tensor('float32', [64], new Float32Array(64))

  test('a file that holds them, among others, whatever its name', () => {
    const folder = newFolder()
    writeFileSync(path.join(folder, 'a.txt'), 'these are weights')
    writeTorchFile(path.join(folder, 'b'), orderedDict([['features.0.weight', beta]]))
    writeTorchFile(path.join(folder, 'c.bin'), { state_dict: { 'Conv3d_1a_7x7.bn.bias': beta } })
    const source = findI3dWeights(folder)
    expect(source.file).toBe(path.join(folder, 'c.bin'))
    expect(source.nameOf('logits', 'kernel')).toBe('state_dict.logits.conv3d.weight')
    expect(source.find('Conv3d_1a_7x7', 'beta')?.shape).toEqual([64])
  })

  test('the folder of a TensorFlow module', () => {
    for (const { folder } of netsFolders()) {
      const source = findI3dWeights(folder)
      expect(source.file).toBe(path.join(folder, 'variables', 'variables.index'))
      expect(source.find('Mixed_5b.b2b', 'beta')?.shape).toEqual([128])
    }
  })

  test('nowhere: says what there is', () => {
    const folder = newFolder()
    expect(() => findI3dWeights(path.join(folder, 'none'))).toThrow('it does not exist')
    expect(() => findI3dWeights(folder)).toThrow('the folder is empty')
    writeTorchFile(path.join(folder, 'resnet.pth'), orderedDict([['conv1.weight', beta]]))
    expect(() => findI3dWeights(folder)).toThrow(/with Conv3d_1a_7x7\.bn\.bias.*resnet\.pth holds none/)
    writeFileSync(path.join(folder, 'a.pth'), 'PK\x03\x04 cut off')
    expect(() => findI3dWeights(folder)).toThrow(/a\.pth: a damaged zip file/)
  })
})
