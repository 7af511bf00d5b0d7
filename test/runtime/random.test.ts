import { expect, it } from 'vitest'
import { randomNormal } from '../../src/runtime/random-normal.js'
import { randomUniform } from '../../src/runtime/random-uniform.js'
import { type Tensor, tf } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

const read = (tensor: Tensor) => tensor.dataSync<'float32'>()
const mean = (values: Float32Array, f = (x: number) => x) =>
  values.reduce((sum, x) => sum + f(x), 0) / values.length

describeEachBackend('random numbers', () => {
  it.each([randomNormal, randomUniform])('%o depends on the seed and nothing else', (draw) => {
    const first = draw([3, 5], [7, 8])
    tf.randomNormal([10]).dispose()
    expect(first.shape).toEqual([3, 5])
    expect(first.dtype).toBe('float32')
    expect(read(draw([3, 5], [7, 8]))).toEqual(read(first))
    expect(read(draw([3, 5], tf.tensor1d([7, 8], 'int32')))).toEqual(read(first))
    for (const seed of [
      [8, 7],
      [7, 9],
    ] as const) {
      const other = read(draw([3, 5], seed))
      expect(read(first).filter((value, i) => value === other[i])).toHaveLength(0)
    }
  })

  it('has the moments of the standard normal distribution', () => {
    const values = read(randomNormal([200_000], [1, 2]))
    // Five standard errors of each mean.
    expect(Math.abs(mean(values))).toBeLessThan(0.012)
    expect(Math.abs(mean(values, (x) => x ** 2) - 1)).toBeLessThan(0.016)
    expect(Math.abs(mean(values, (x) => x ** 3))).toBeLessThan(0.044)
    expect(Math.abs(mean(values, (x) => x ** 4) - 3)).toBeLessThan(0.11)
    const lagged = values.subarray(1).map((x, i) => x * (values[i] ?? NaN))
    expect(Math.abs(mean(lagged))).toBeLessThan(0.012)
  })

  it('is uniform in [0, 1)', () => {
    const values = read(randomUniform([200_000], [3, 4]))
    expect(values.every((x) => x >= 0 && x < 1)).toBe(true)
    for (let decile = 0; decile < 10; decile++) {
      const share = values.filter((x) => Math.floor(10 * x) === decile).length / values.length
      expect(Math.abs(share - 0.1)).toBeLessThan(0.004)
    }
  })

  it('draws nothing for an empty shape and one number for a scalar', () => {
    expect(read(randomNormal([0, 3], [1, 2]))).toHaveLength(0)
    expect(read(randomNormal([], [1, 2]))).toHaveLength(1)
  })

  it('leaves no tensors behind', () => {
    randomNormal([4], [1, 2]).dispose()
    const before = tf.memory().numTensors
    randomNormal([4], [1, 2]).dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it('refuses a seed that is not two integers', () => {
    expect(() => randomNormal([4], tf.tensor1d([1], 'int32'))).toThrow('two integers')
  })
})
