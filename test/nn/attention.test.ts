import { beforeAll, describe, expect, it } from 'vitest'
import { mergeHeads, splitHeads } from '../../src/nn/attention.js'
import { fusedAttention, hasFusedAttention } from '../../src/nn/fused-attention.js'
import { nativeExtension } from '../../src/runtime/native-extension.js'
import { randomNormal } from '../../src/runtime/random-normal.js'
import { startRuntime } from '../../src/runtime/start.js'
import { type Tensor, tf } from '../../src/runtime/tf.js'
import { ownBinding } from '../helpers/own-binding.js'

/** From the definition, in plain operations. */
function plainAttention(qkv: Tensor, heads: number): Tensor {
  const { q, k, v } = splitHeads(qkv, heads)
  return mergeHeads(tf.matMul(tf.softmax(tf.matMul(q, k, false, true)), v))
}

describe.runIf(ownBinding)('fusedAttention', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  it('is there on processors', () => {
    expect(nativeExtension()?.hasOperation('FdmAttention')).toBe(true)
    expect(hasFusedAttention()).toBe(!nativeExtension()?.isUsingGpuDevice())
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
    const qkv = tf.mul(randomNormal([rows, length, 3 * channels], [1, 2]), 2)
    const dy = randomNormal([rows, length, channels], [3, 4])
    const [fused, plain] = [fusedAttention, plainAttention].map((attend) => {
      const gradient = tf.grad((x) => attend(x, heads))
      return [attend(qkv, heads), gradient(qkv, dy)]
    })
    plain?.forEach((expected, i) => {
      expect(fused?.[i]?.shape).toEqual(expected.shape)
      const difference = tf.max(tf.abs(tf.sub(fused?.[i] ?? NaN, expected))).dataSync()[0]
      // Some hundred float32 numbers of size 1 to 10, summed in another order.
      expect(difference).toBeLessThan(2e-5)
    })
  })

  it('attends to one token alone where its logit is far above the others', () => {
    const keys = tf.mul(tf.oneHot(tf.range(0, 20, 1, 'int32'), 20), 100)
    const values = tf.mul(tf.ones([20, 20]), tf.expandDims(tf.range(0, 20), 1))
    const y = fusedAttention(tf.expandDims(tf.concat([keys, keys, values], 1), 0), 1)
    expect([...y.dataSync().filter((_, i) => i % 20 === 0)]).toEqual(Array.from({ length: 20 }, (_, i) => i))
  })

  it('refuses channels that do not divide among the heads', () => {
    expect(() => fusedAttention(tf.zeros([1, 4, 30]), 4)).toThrow(/multiple of 4 heads, got \[1,4,30\]/)
  })
})
