import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { parametersDigest } from '../../src/model/parameters-digest.js'
import { tf, type Tensor } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

describeEachBackend('the digest of parameters', () => {
  test('is that of their numbers, one after the other', async () => {
    const numbers = Float32Array.of(1, -2.5, 1e-30, 7)
    const parameters = new Map<string, Tensor>([
      ['a', tf.tensor2d([1, -2.5], [1, 2])],
      ['b', tf.tensor1d([1e-30, 7])],
    ])
    const expected = createHash('sha256').update(new Uint8Array(numbers.buffer)).digest('hex')
    expect((await parametersDigest(parameters)).toString('hex')).toBe(expected)
    const other = new Map([...parameters].reverse())
    expect((await parametersDigest(other)).toString('hex')).not.toBe(expected)
    tf.dispose([...parameters.values()])
  })
})
