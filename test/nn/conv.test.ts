import { beforeAll, describe, expect, it } from 'vitest'
import { biasAdd } from '../../src/nn/bias-add.js'
import { conv3x3, upsampledConv3x3 } from '../../src/nn/conv.js'
import { fusedConvolution, hasFusedConvolution } from '../../src/nn/fused-convolution.js'
import type { Scope } from '../../src/nn/scope.js'
import { upsampleNearest2x } from '../../src/nn/upsample.js'
import { compile } from '../../src/runtime/compile.js'
import { nativeExtension } from '../../src/runtime/native-extension.js'
import { randomNormal } from '../../src/runtime/random-normal.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf, type Tensor, type Tensor1D, type Tensor4D } from '../../src/runtime/tf.js'
import { onGpu } from '../helpers/on-gpu.js'
import { ownBinding } from '../helpers/own-binding.js'

await startRuntime()
const hasOperation = ownBinding && (nativeExtension()?.hasOperation('FdmConvolution') ?? false)

const hasBfloat16Operation =
  ownBinding && (nativeExtension()?.hasOperation('FdmBfloat16Convolution') ?? false)

const made = (shape: readonly number[], seed: number): Tensor => randomNormal(shape, [seed, 3])

/** By TensorFlow's own operations. */
function plain(x: Tensor4D, kernel: Tensor4D, bias: Tensor1D, scale: 1 | 2): Tensor4D {
  return biasAdd(tf.conv2d(scale === 2 ? upsampleNearest2x(x) : x, kernel, 1, 'same'), bias)
}

/**
 * Pictures, height, width, channels in and out, scale: single pixels, widths that are no multiple of anything, and
 * pictures that are computed in several blocks.
 */
const SHAPES = [
  [1, 1, 1, 32, 32, 1],
  [2, 3, 5, 32, 64, 1],
  [3, 7, 13, 64, 32, 1],
  [2, 48, 40, 96, 32, 1],
  [1, 1, 1, 32, 32, 2],
  [2, 3, 5, 32, 64, 2],
  [2, 24, 20, 64, 32, 2],
] as const

describe.runIf(hasOperation)('convolutions as operations of our own', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  // On a GPU its own convolutions would be what is compared with: they round differently, more, and ours are not used.
  it.skipIf(onGpu).each(SHAPES)(
    'have the values and gradients of TensorFlow’s: %i of %ix%i, %i to %i channels, scale %i',
    (N, H, W, I, O, scale) => {
      tf.tidy(() => {
        const inputs = [made([N, H, W, I], 1), tf.mul(made([3, 3, I, O], 2), 0.1), made([O], 3)]
        const dy = made([N, scale * H, scale * W, O], 4)
        const [own, other] = [fusedConvolution, plain].map((convolve) => {
          const run = (...[x, kernel, bias]: Tensor[]) =>
            convolve(x as Tensor4D, kernel as Tensor4D, bias as Tensor1D, scale)
          return [run(...inputs), ...tf.grads(run)(inputs, dy)]
        })
        expect(own?.map(({ shape }) => shape)).toEqual(other?.map(({ shape }) => shape))
        own?.forEach((tensor, i) => {
          const expected = other?.[i] ?? tf.scalar(NaN)
          const error = tf.norm(tf.sub(tensor, expected)).dataSync()[0] ?? NaN
          // Rounding of float32, of sums in another order.
          expect(error / (tf.norm(expected).dataSync()[0] ?? NaN), `tensor ${i}`).toBeLessThan(2e-6)
        })
      })
    },
  )

  it('keep what is not a number within its reach', () => {
    tf.tidy(() => {
      const x = tf.buffer([1, 9, 9, 32])
      x.set(NaN, 0, 4, 6, 5)
      const y = fusedConvolution(x.toTensor() as Tensor4D, tf.ones([3, 3, 32, 32]), tf.zeros([32]), 1)
      const rows = tf.any(tf.isNaN(y), [0, 2, 3]).dataSync()
      const columns = tf.any(tf.isNaN(y), [0, 1, 3]).dataSync()
      expect([...rows]).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0])
      expect([...columns]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 0])
    })
  })

  it('are chosen on processors, for channels that they can, and in bfloat16 where there is one for it', () => {
    const [wide, narrow] = [tf.ones<tf.Rank.R4>([3, 3, 32, 64]), tf.ones<tf.Rank.R4>([3, 3, 4, 32])]
    expect([hasFusedConvolution(wide), hasFusedConvolution(narrow)]).toEqual([!onGpu, false])
    const seen: boolean[] = []
    for (const precision of ['fp32', 'bf16'] as const) {
      const look = (kernel: Tensor4D) => {
        seen.push(hasFusedConvolution(kernel))
        return tf.neg(kernel)
      }
      const compiled = compile(look, { precision })
      compiled(wide)
      compiled.dispose()
    }
    expect(seen).toEqual([!onGpu, !onGpu && hasBfloat16Operation])
  })

  it('refuse shapes that do not go together', () => {
    const kernel = tf.ones<tf.Rank.R4>([3, 3, 32, 32])
    expect(() => fusedConvolution(tf.ones([1, 4, 4, 64]), kernel, tf.zeros([32]), 1)).toThrow(
      /kernel \[3,3,32,32\], got \[1,4,4,64\]/,
    )
    const narrow = tf.ones<tf.Rank.R4>([3, 3, 4, 32])
    expect(() => fusedConvolution(tf.ones([1, 4, 4, 4]), narrow, tf.zeros([32]), 1)).toThrow(
      /multiples of 32, got 4 and 32/,
    )
  })
})

describe.runIf(hasBfloat16Operation)('convolutions in bfloat16', () => {
  it.each(SHAPES)(
    'have the values and gradients of float32, but for rounding: %i of %ix%i, %i to %i channels, scale %i',
    (N, H, W, I, O, scale) => {
      tf.tidy(() => {
        const inputs = [made([N, H, W, I], 1), tf.mul(made([3, 3, I, O], 2), 0.1), made([O], 3)]
        const dy = made([N, scale * H, scale * W, O], 4)
        const both = ([x, kernel, bias]: readonly Tensor[], dy: Tensor) => {
          const run = (...[x, kernel, bias]: Tensor[]) =>
            fusedConvolution(x as Tensor4D, kernel as Tensor4D, bias as Tensor1D, scale)
          const all = [x, kernel, bias] as Tensor[]
          return [run(...all), ...tf.grads(run)(all, dy)]
        }
        const compiled = compile(both, { precision: 'bf16' })
        const [rounded, exact] = [compiled(inputs, dy), both(inputs, dy)]
        compiled.dispose()
        rounded.forEach((tensor, i) => {
          const expected = exact[i] ?? tf.scalar(NaN)
          const error = tf.norm(tf.sub(tensor, expected)).dataSync()[0] ?? NaN
          // Both factors and the result are rounded to 8 bits, each by at most 2^-9 of it.
          expect(error / (tf.norm(expected).dataSync()[0] ?? NaN), `tensor ${i}`).toBeLessThan(3 * 2 ** -9)
        })
      })
    },
  )
})

it('a convolution of enlarged pictures is that of each pixel repeated', () => {
  tf.tidy(() => {
    const parameters: Record<string, Tensor> = { weight: made([3, 3, 32, 32], 1), bias: made([32], 2) }
    const layer: Scope = { get: (name) => parameters[name] ?? tf.scalar(NaN), at: () => layer }
    const x = made([2, 4, 6, 32], 3) as Tensor4D
    const difference = tf.sub(upsampledConv3x3(x, layer), conv3x3(upsampleNearest2x(x), layer))
    expect(difference.shape).toEqual([2, 8, 12, 32])
    expect(tf.max(tf.abs(difference)).dataSync()[0]).toBeLessThan(1e-4)
  })
})
