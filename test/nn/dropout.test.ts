import { expect, it } from 'vitest'
import { dropout } from '../../src/nn/dropout.js'
import { tf, type Tensor4D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

describeEachBackend('dropout', () => {
  const RATE = 0.25
  const ones = (): Tensor4D => tf.ones([4, 8, 8, 32])
  const valuesOf = (layer: number, seed: readonly [number, number] = [1, 2]) =>
    tf.tidy(() => dropout(ones(), RATE, tf.tensor1d([...seed], 'int32'), layer).dataSync<'float32'>())

  it('zeroes its share of the values and scales the others, so that the mean stays', () => {
    const values = valuesOf(0)
    const kept = values.filter((value) => value !== 0)
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / (1 - RATE))]))
    // Of 8192 values the share is good to 0.005: four times as much is allowed.
    expect(Math.abs(kept.length / values.length - (1 - RATE))).toBeLessThan(0.02)
  })

  it('hits other values in each layer and in each step, the same ones when it is run again', () => {
    const values = valuesOf(0)
    expect(valuesOf(0)).toEqual(values)
    // Two that know nothing of each other differ in 2 * 0.25 * 0.75 of their places.
    for (const other of [valuesOf(1), valuesOf(0, [1, 3])]) {
      const different = other.filter((value, i) => value !== values[i]).length
      expect(Math.abs(different / values.length - 2 * RATE * (1 - RATE))).toBeLessThan(0.03)
    }
  })

  it('leaves everything alone at rate 0', () => {
    tf.tidy(() => {
      const x = ones()
      expect(dropout(x, 0, tf.tensor1d([1, 2], 'int32'), 0)).toBe(x)
    })
  })
})
