import { expect, it } from 'vitest'
import { tf } from '../../../src/runtime/tf.js'
import { adamwScalars, adamwUpdate } from '../../../src/training/step/adamw.js'
import { describeEachBackend } from '../../helpers/backends.js'

/** Algorithm 2 of Loshchilov & Hutter 2019 for one number, in float64. */
function reference(gradients: readonly number[], start: number, lr: number, decay: number): number {
  let [p, m, v] = [start, 0, 0]
  gradients.forEach((g, i) => {
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    const [mHat, vHat] = [m / (1 - 0.9 ** (i + 1)), v / (1 - 0.999 ** (i + 1))]
    p -= lr * decay * p + (lr * mHat) / (Math.sqrt(vHat) + 1e-8)
  })
  return p
}

describeEachBackend('AdamW', () => {
  const settings = { betas: [0.9, 0.999], eps: 1e-8 } as const

  it.each([0, 0.1])('follows the algorithm over steps, weight decay %d', (weightDecay) => {
    const gradients = [0.5, -2, 1e-3, 0, 3]
    const result = tf.tidy(() => {
      let slot = { param: tf.tensor1d([1.5]), expAvg: tf.tensor1d([0]), expAvgSq: tf.tensor1d([0]) }
      gradients.forEach((gradient, i) => {
        const scalars = adamwScalars({ lr: 0.01, betas: settings.betas, weightDecay }, i + 1)
        slot = adamwUpdate({ ...slot, grad: tf.tensor1d([gradient]) }, scalars, settings)
      })
      return slot.param.dataSync()[0]
    })
    expect(result).toBeCloseTo(reference(gradients, 1.5, 0.01, weightDecay), 6)
  })

  it('moves by the learning rate, whatever the size of the first gradient', () => {
    const scalars = adamwScalars({ lr: 0.01, betas: settings.betas, weightDecay: 0 }, 1)
    const moved = tf.tidy(() => {
      const zeros = tf.zeros([3])
      const grad = tf.tensor1d([1e-3, -1e3, 0])
      return adamwUpdate(
        { param: zeros, grad, expAvg: zeros, expAvgSq: zeros },
        scalars,
        settings,
      ).param.arraySync()
    }) as unknown as number[]
    ;[-0.01, 0.01, 0].forEach((change, i) => expect(moved[i]).toBeCloseTo(change, 6))
  })

  it('leaves its arguments as they are and no tensors behind', () => {
    const [param, grad, expAvg, expAvgSq] = [1, 2, 3, 4].map((value) => tf.tensor1d([value])) as [
      ReturnType<typeof tf.tensor1d>, ReturnType<typeof tf.tensor1d>, ReturnType<typeof tf.tensor1d>, ReturnType<typeof tf.tensor1d>,
    ] // prettier-ignore
    const before = tf.memory().numTensors
    const updated = adamwUpdate(
      { param, grad, expAvg, expAvgSq },
      { keep: 1, stepSize: 1, rootCorrection: 1 },
      settings,
    )
    expect(tf.memory().numTensors).toBe(before + 3)
    tf.dispose(updated)
    expect([param, grad, expAvg, expAvgSq].map((tensor) => tensor.dataSync()[0])).toEqual([1, 2, 3, 4])
    tf.dispose([param, grad, expAvg, expAvgSq])
  })
})
