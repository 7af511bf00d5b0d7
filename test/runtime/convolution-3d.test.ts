import { expect, test } from 'vitest'
import { type Tensor5D, tf } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'
import { signed } from '../helpers/golden.js'

type Size = [number, number, number, number, number]
type Case = [name: string, x: Size, filter: Size, strides: number | [number, number, number], pad: 'same' | 'valid'] // prettier-ignore

const cases: Case[] = [
  ['same', [2, 3, 4, 3, 2], [3, 3, 3, 2, 3], 1, 'same'],
  ['of one place', [1, 2, 3, 2, 3], [1, 1, 1, 3, 2], 1, 'same'],
  ['valid', [1, 4, 3, 4, 2], [3, 2, 3, 2, 2], 1, 'valid'],
  ['of stride 2, same, even', [1, 4, 4, 6, 2], [3, 3, 3, 2, 2], 2, 'same'],
  ['of stride 2, same, odd', [1, 5, 3, 5, 2], [3, 3, 3, 2, 2], 2, 'same'],
  ['of different strides', [1, 7, 4, 5, 1], [4, 3, 3, 1, 2], [3, 1, 2], 'valid'],
]

describeEachBackend('a convolution over time', (backend) => {
  test.each(cases)('%s', async (_, sizeX, sizeFilter, strides, pad) => {
    const compute = () => {
      const result = tf.tidy(() => {
        const x: Tensor5D = tf.tensor5d(Float32Array.from(signed('x', sizeX)), sizeX)
        const filter = tf.tensor5d(Float32Array.from(signed('filter', sizeFilter)), sizeFilter)
        return tf.conv3d(x, filter, strides, pad)
      })
      const values = Array.from(result.dataSync<'float32'>())
      result.dispose()
      return { values, shape: result.shape }
    }
    compute()
    const tensors = tf.memory().numTensors
    const result = compute()
    expect(tf.memory().numTensors).toBe(tensors)
    // A third implementation, in plain JavaScript.
    await tf.setBackend('cpu')
    const expected = compute()
    await tf.setBackend(backend)
    expect(result.shape).toEqual(expected.shape)
    result.values.forEach((value, i) => expect(value).toBeCloseTo(expected.values[i] ?? NaN, 5))
  })
})
