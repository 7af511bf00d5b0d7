import { beforeAll, describe, expect, it } from 'vitest'
import { attentionBias } from '../../src/model/factorized-attention.js'
import { attention, plainAttention } from '../../src/nn/attention.js'
import { matrixProduct } from '../../src/nn/matrix-product.js'
import { fusedAttention, hasFusedAttention } from '../../src/nn/fused-attention.js'
import { fusedRelativeAttention, hasFusedRelativeAttention } from '../../src/nn/fused-relative-attention.js'
import { plainRelativeAttention, relativeAttention } from '../../src/nn/relative-attention.js'
import type { RelativeAttentionInputs } from '../../src/nn/relative-attention-inputs.js'
import { compile } from '../../src/runtime/compile.js'
import { randomNormal } from '../../src/runtime/random-normal.js'
import { startRuntime } from '../../src/runtime/start.js'
import { type Tensor, type Tensor2D, type Tensor3D, type Tensor4D, tf } from '../../src/runtime/tf.js'
import { onGpu } from '../helpers/on-gpu.js'
import { ownBinding } from '../helpers/own-binding.js'

/** Some hundred float32 numbers of size 1 to 10, summed in another order. */
const ROUNDING = 2e-5

function expectEqual(actual: readonly Tensor[], expected: readonly Tensor[]) {
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape))
  actual.forEach((tensor, i) => {
    const difference = tf.max(tf.abs(tf.sub(tensor, expected[i] ?? NaN))).dataSync()[0]
    expect(difference, `tensor ${i}`).toBeLessThan(ROUNDING)
  })
}

describe.runIf(ownBinding)('attention as one operation', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  it('is used on processors', () => {
    expect([hasFusedAttention(), hasFusedRelativeAttention()]).toEqual([!onGpu, !onGpu])
  })

  // Lengths and sizes that are whole vectors, that are not, and the smallest there is.
  it.each([
    [2, 64, 64, 4],
    [1, 256, 96, 3],
    [3, 49, 32, 4],
    [2, 5, 40, 2],
    [1, 17, 6, 1],
    [2, 1, 4, 4],
  ])('has the plain form’s values and gradients: %i rows, length %i, %i channels, %i heads', (...given) => {
    const [rows, length, channels, heads] = given
    tf.tidy(() => {
      const qkv = tf.mul<Tensor3D>(made([rows, length, 3 * channels], 1), 2)
      const dy = made([rows, length, channels], 2)
      const [fused, plain] = [fusedAttention, plainAttention].map((attend) => {
        const gradient = tf.grad((x) => attend(x as Tensor3D, heads))
        return [attend(qkv, heads), gradient(qkv, dy)]
      })
      expectEqual(fused ?? [], plain ?? [])
    })
  })

  // Videos, places, frames, channels and heads; among them padding, and more places than go at once.
  it.each([
    [1, 16, 8, 64, 4],
    [2, 64, 5, 96, 4],
    [2, 37, 3, 30, 3],
    [1, 5, 20, 8, 1],
    [3, 1, 1, 4, 4],
  ])(
    'has them with relative positions: %i videos, %i places, %i frames, %i channels, %i heads',
    (...given) => {
      tf.tidy(() => {
        const [, , , , heads] = given
        const inputs = relativeInputs(given)
        const dy = made([...given.slice(0, 3), given[3]], 9)
        const [fused, plain] = [fusedRelativeAttention, plainRelativeAttention].map((attend) => {
          const gradients = tf.grads((...[qkv, relativeQ, relativeK, relativeV]: Tensor[]) =>
            attend(
              { qkv, relativeQ, relativeK, relativeV, bias: inputs.bias } as RelativeAttentionInputs,
              heads,
            ),
          )
          const { qkv, relativeQ, relativeK, relativeV } = inputs
          return [attend(inputs, heads), ...gradients([qkv, relativeQ, relativeK, relativeV], dy)]
        })
        expectEqual(fused ?? [], plain ?? [])
      })
    },
  )

  it('attends to one token alone where its logit is far above the others', () => {
    const keys = tf.mul(tf.oneHot(tf.range(0, 20, 1, 'int32'), 20), 100)
    const values = tf.mul(tf.ones([20, 20]), tf.expandDims(tf.range(0, 20), 1))
    const y = fusedAttention(tf.expandDims<Tensor3D>(tf.concat([keys, keys, values], 1), 0), 1)
    expect([...y.dataSync().filter((_, i) => i % 20 === 0)]).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  it('gives a frame that attends to itself alone its own value', () => {
    tf.tidy(() => {
      const inputs = relativeInputs([1, 20, 4, 32, 2])
      const bias: Tensor3D = tf.expandDims(tf.mul(tf.sub(1, tf.eye(4)), -1e30), 0)
      const y = fusedRelativeAttention({ ...inputs, relativeV: tf.zerosLike(inputs.relativeV), bias }, 2)
      const [, , v] = tf.split(inputs.qkv, 3, 3)
      expect([...y.dataSync()]).toEqual([...(v?.dataSync() ?? [])])
    })
  })

  // Sizes of heads that are whole vectors, that are not, and that are odd.
  it.each([
    [2, 20, 6, 64],
    [1, 37, 2, 40],
    [1, 32, 3, 36],
  ])('computes in bfloat16 where its neighbours do: %i, %i, %i, %i', (B, D, T, C) => {
    const step = (x: Tensor2D, first: Tensor2D, last: Tensor2D, inputs: RelativeAttentionInputs) => {
      const loss = (value: Tensor2D) => {
        const qkv = matrixProduct(value, first)
        const overSpace = attention(tf.reshape(qkv, [B * T, D, 3 * C]), 4)
        const overTime = relativeAttention({ ...inputs, qkv: tf.reshape(qkv, [B, D, T, 3 * C]) }, 4)
        const both = tf.add(tf.reshape(overSpace, [-1, C]), tf.reshape(overTime, [-1, C]))
        return matrixProduct(both as Tensor2D, last)
      }
      return [loss(x), tf.grad((value) => tf.sum(tf.square(loss(value as Tensor2D))))(x)]
    }
    const given = [
      made([B * D * T, C], 1) as Tensor2D,
      tf.mul<Tensor2D>(made([C, 3 * C], 2), 0.1),
      tf.mul<Tensor2D>(made([C, C], 3), 0.1),
      relativeInputs([B, D, T, C, 4]),
    ] as const
    const exact = step(...given)
    const compiled = compile(step, { precision: 'bf16' })
    compiled(...given).forEach((tensor, i) => {
      const error = tf.norm(tf.sub(tensor, exact[i] ?? NaN)).dataSync()[0] ?? NaN
      const size = tf.norm(exact[i] ?? NaN).dataSync()[0] ?? NaN
      // Bfloat16 has 8 bits: a few roundings of half a percent, but roundings there are.
      expect(error / size).toBeLessThan(0.02)
      expect(error / size).toBeGreaterThan(1e-4)
    })
    compiled.dispose()
  })

  it('passes on what is not a number to all that look at it, and to nothing else', () => {
    tf.tidy(() => {
      const whereNaN = (y: Tensor, axes: number[]) => [...tf.any(tf.isNaN(y), axes).dataSync()]
      const damaged = (x: Tensor): Tensor3D => {
        const values = x.dataSync<'float32'>()
        values[33] = NaN
        return tf.tensor3d(values, x.shape as Tensor3D['shape'])
      }
      // Number 33 is in a key of head 0 of row 0.
      const qkv = damaged(made([2, 9, 96], 1))
      expect(whereNaN(fusedAttention(qkv, 4), [1])).toEqual(
        Array.from({ length: 64 }, (_, i) => (i < 8 ? 1 : 0)),
      )
      const inputs = relativeInputs([1, 20, 4, 32, 4])
      const flat = tf.reshape(inputs.qkv, [20, 4, 96])
      const y = fusedRelativeAttention({ ...inputs, qkv: tf.reshape(damaged(flat), inputs.qkv.shape) }, 4)
      const places = whereNaN(y, [0, 2, 3])
      expect(places).toEqual(Array.from({ length: 20 }, (_, place) => (place === 0 ? 1 : 0)))
      expect(whereNaN(y, [0, 1, 2])).toEqual(Array.from({ length: 32 }, (_, i) => (i < 8 ? 1 : 0)))
    })
  })

  it('refuses shapes that do not go together', () => {
    expect(() => fusedAttention(tf.zeros([1, 4, 30]), 4)).toThrow(/multiple of 4 heads, got \[1,4,30\]/)
    const inputs = relativeInputs([1, 2, 3, 8, 2])
    const short = tf.zeros<tf.Rank.R4>([1, 3, 2, 8])
    expect(() => fusedRelativeAttention({ ...inputs, relativeK: short }, 2)).toThrow(
      /expected \[1,3,3,8\] for qkv \[1,2,3,24\], got \[1,3,2,8\]/,
    )
  })
})

const made = (shape: readonly number[], seed: number): Tensor => randomNormal(shape, [seed, 2])

/** The last frame of the last video is padding where there are more than two. */
function relativeInputs(given: readonly number[]): RelativeAttentionInputs {
  const [B = 0, D = 0, T = 0, C = 0] = given
  const taken = tf.tensor2d(
    Array.from({ length: B * T }, (_, i) => (i === B * T - 1 && T > 2 ? 0 : 1)),
    [B, T],
  )
  const four = (shape: number[], seed: number) => made(shape, seed) as Tensor4D
  return {
    qkv: four([B, D, T, 3 * C], 3),
    relativeQ: four([B, T, T, C], 4),
    relativeK: four([B, T, T, C], 5),
    relativeV: four([B, T, T, C], 6),
    bias: attentionBias(taken),
  }
}
