import { beforeAll, describe, expect, it } from 'vitest'
import { startRuntime } from '../../../src/runtime/start.js'
import { tf, type Tensor } from '../../../src/runtime/tf.js'
import type { AdamWSlot } from '../../../src/training/step/adamw.js'
import {
  fusedUpdate,
  hasFusedUpdate,
  plainUpdate,
  type ParameterUpdateSettings,
  type UpdatedParameter,
} from '../../../src/training/step/parameter-update.js'
import { onGpu } from '../../helpers/on-gpu.js'
import { ownBinding } from '../../helpers/own-binding.js'

/** Uneven numbers around 0. */
const made = (shape: number[], seed: number): Tensor =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(1.7 * i + seed)),
    shape,
  )

const slotOf = (shape: number[]): AdamWSlot => ({
  param: made(shape, 1),
  grad: made(shape, 2),
  expAvg: made(shape, 3),
  expAvgSq: tf.square(made(shape, 4)),
})

const settingsOf = (emaRates: readonly number[]): ParameterUpdateSettings => ({
  betas: [0.9, 0.999],
  eps: 1e-8,
  emaRates,
})

const scalars = () => ({
  keep: tf.scalar(0.999),
  stepSize: tf.scalar(0.02),
  rootCorrection: tf.scalar(0.04),
})

const valuesOf = ({ param, expAvg, expAvgSq, averages }: UpdatedParameter) =>
  [param, expAvg, expAvgSq, ...averages].map((tensor) => tensor.dataSync<'float32'>())

describe.runIf(ownBinding)('an update as one operation', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  it('is used on processors', () => {
    expect(hasFusedUpdate()).toBe(!onGpu)
  })

  // The smallest, an uneven one with several averages, and one of more than a thread's share without any.
  it.each([
    [[1], [0.9999]],
    [
      [5, 7],
      [0.9, 0, 1],
    ],
    [[3, 3, 64, 300], []],
  ])('gives for shape %j and rates %j what single operations give', (shape, emaRates) => {
    tf.tidy(() => {
      const slot = slotOf(shape)
      const averages = emaRates.map((_, i) => made(shape, 5 + i))
      const fused = valuesOf(fusedUpdate(slot, averages, scalars(), settingsOf(emaRates)))
      const plain = valuesOf(plainUpdate(slot, averages, scalars(), settingsOf(emaRates)))
      expect(fused.map(({ length }) => length)).toEqual(plain.map(({ length }) => length))
      expect(fused).toHaveLength(3 + emaRates.length)
      for (const [i, values] of fused.entries()) {
        let worst = 0
        for (const [j, value] of values.entries()) {
          const expected = plain[i]?.[j] ?? NaN
          // A maximum would pass over a difference that is not a number.
          const difference = Math.abs(value - expected) / (1 + Math.abs(expected))
          if (!(difference <= worst)) worst = difference
        }
        // Float32 rounding: numbers of about 1, or 50 where the root of the second moment is small.
        expect(worst).toBeLessThan(2e-6)
      }
    })
  })

  it('passes on what is not a number, and to no other place', () => {
    tf.tidy(() => {
      const slot = {
        ...slotOf([40]),
        grad: tf.tensor1d(Array.from({ length: 40 }, (_, i) => (i === 17 ? NaN : 1))),
      }
      const results = valuesOf(fusedUpdate(slot, [made([40], 5)], scalars(), settingsOf([0.5])))
      for (const values of results)
        expect(Array.from(values, Number.isNaN)).toEqual(Array.from({ length: 40 }, (_, i) => i === 17))
    })
  })

  it('refuses tensors of different shapes', () => {
    const slot = { ...slotOf([4, 3]), expAvg: tf.zeros([3, 4]) }
    expect(() => fusedUpdate(slot, [], scalars(), settingsOf([]))).toThrow(/expected \[4,3\], got \[3,4\]/)
  })
})
