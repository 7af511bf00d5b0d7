import { mkdtempSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { exactBits } from '../../src/exact-bits.js'
import { squaredDistance } from '../../src/squared-distance.js'
import { fromPixels } from '../../src/data/pixels.js'
import { lpipsLength } from '../../src/lpips/alexnet-layers.js'
import { loadLpips } from '../../src/lpips/load-lpips.js'
import { tf } from '../../src/runtime/tf.js'
import { orderedDict, tensor, writeTorchFile } from '../../src/torch-file/index.js'
import { describeEachBackend } from '../helpers/backends.js'
import { uniform } from '../helpers/golden.js'
import { alexnetTensors, linearTensors } from '../helpers/made-lpips.js'
import { temporaryFolder } from '../torch-file/handmade.js'

const scratch = temporaryFolder()
const newFolder = () => mkdtempSync(path.join(scratch, 'weights-'))
const alexnet = alexnetTensors('')
const linear = linearTensors('')
const complete = newFolder()
writeTorchFile(path.join(complete, 'a.pth'), orderedDict(alexnet))
writeTorchFile(path.join(complete, 'b.pth'), orderedDict(linear))
const size = { height: 32, width: 40 }
const frameSize = 32 * 40 * 3
const frames = Uint8Array.from(uniform('frames', 17 * frameSize), (u) => 256 * u)

describeEachBackend('LPIPS', () => {
  test('a frame is embedded alike alone, in a batch and as floats', () => {
    const embedder = loadLpips(complete)
    const together = embedder.embed(frames, size)
    const tensorsBefore = tf.memory().numTensors
    const alone = embedder.embed(frames.subarray(16 * frameSize), size)
    expect(tf.memory().numTensors).toBe(tensorsBefore)
    const scaled = embedder.embed(fromPixels(frames.subarray(0, frameSize)), size)
    embedder.dispose()

    expect(together).toHaveLength(17)
    expect(distance(together[16], alone[0])).toBeLessThan(1e-9)
    expect(distance(together[0], scaled[0])).toBeLessThan(1e-9)
    expect(distance(together[0], together[1])).toBeGreaterThan(1e-3)
  })

  test('on the device, it is the same embedding, rounded so that distances are exact', () => {
    const embedder = loadLpips(complete)
    const before = tf.memory().numTensors
    const rows = embedder.embedOnDevice(frames, size)
    expect(tf.memory().numTensors).toBe(before + 1)
    const [values, expected] = [rows.dataSync(), embedder.embed(frames, size)]
    expect(rows.shape).toEqual([17, lpipsLength(size)])
    rows.dispose()
    embedder.dispose()
    // The largest weight of a layer is just below 1, and there are five.
    const unit = 2 ** -exactBits(5)
    const length = lpipsLength(size)
    expect(values.every((value) => Number.isInteger(value / unit))).toBe(true)
    for (const [i, embedding] of expected.entries()) {
      const differences = embedding.map((value, at) => Math.abs(value - (values[i * length + at] ?? NaN)))
      // Half a unit, and float32 of numbers below 1 / 10.
      expect(Math.max(...differences)).toBeLessThan(unit / 2 + 2e-8)
      expect(squaredDistance(embedding, new Float32Array(length))).toBeLessThan(5)
    }
  })

  test.each([
    [31, 31],
    [32, 40],
    [47, 33],
    [64, 64],
  ])('an embedding of %ix%i pixels is as long as said without computing it', (height, width) => {
    const embedder = loadLpips(complete)
    const [embedding] = embedder.embed(new Uint8Array(height * width * 3), { height, width })
    embedder.dispose()
    expect(embedding).toHaveLength(lpipsLength({ height, width }))
  })

  test('a file of the whole package serves, too', () => {
    const whole = newFolder()
    // The package spreads AlexNet over five slices, and lists the linear layers twice.
    const slices = new Map([0, 3, 6, 8, 10].map((layer, i) => [layer, `net.slice${i + 1}.${layer}`]))
    const convolutions = alexnet.map(([name, values]) => {
      const [, layer, part] = name.split('.')
      return [`${slices.get(Number(layer)) ?? ''}.${part ?? ''}`, values] as const
    })
    const lists = linear.flatMap(([name, values], i) => [
      [name, values] as const,
      [`lins.${i}.model.1.weight`, values] as const,
    ])
    writeTorchFile(path.join(whole, 'lpips.pth'), orderedDict([...convolutions, ...lists]))
    writeFileSync(path.join(whole, 'readme.txt'), 'weights')
    const embeddings = [complete, whole].map((folder) => {
      const embedder = loadLpips(folder)
      const [embedding] = embedder.embed(frames.subarray(0, frameSize), size)
      embedder.dispose()
      return embedding
    })
    expect(embeddings[1]).toEqual(embeddings[0])
  })

  test('frames that are too small are refused', () => {
    const embedder = loadLpips(complete)
    expect(() => embedder.embed(new Uint8Array(30 * 64 * 3), { height: 30, width: 64 })).toThrow(
      'at least 31 pixels a side, these have 64x30',
    )
    embedder.dispose()
  })
})

test('weights that are missing are named', () => {
  const folder = newFolder()
  expect(() => loadLpips(path.join(folder, 'nowhere'))).toThrow('it does not exist')
  expect(() => loadLpips(folder)).toThrow('no features.0.weight of shape [64, 3, 11, 11]')
  writeTorchFile(path.join(folder, 'a.pth'), orderedDict(alexnet))
  expect(() => loadLpips(folder)).toThrow('no lin0.model.1.weight of shape [1, 64, 1, 1]')
  writeFileSync(path.join(folder, 'b.pth'), 'PK\x03\x04 cut off')
  expect(() => loadLpips(folder)).toThrow('b.pth')
})

test('weights of another network are told by their shape', () => {
  const folder = newFolder()
  const vgg = tensor('float32', [64, 3, 3, 3], new Float32Array(64 * 27))
  writeTorchFile(path.join(folder, 'a.pth'), orderedDict([['features.0.weight', vgg]]))
  expect(() => loadLpips(folder)).toThrow('a.pth has one of shape [64, 3, 3, 3]')
})

test('a negative weight of a distance is refused', () => {
  const folder = newFolder()
  writeTorchFile(path.join(folder, 'a.pth'), orderedDict(alexnet))
  const [first, ...others] = linear
  const values = new Float32Array(64).fill(-1)
  const tensors = first ? [[first[0], tensor('float32', [1, 64, 1, 1], values)] as const, ...others] : []
  writeTorchFile(path.join(folder, 'b.pth'), orderedDict(tensors))
  expect(() => loadLpips(folder)).toThrow('lin0.model.1.weight has a negative weight')
})

function distance(a: Float32Array | undefined, b: Float32Array | undefined): number {
  return a?.reduce((sum, value, i) => sum + (value - (b?.[i] ?? NaN)) ** 2, 0) ?? NaN
}
