import { expect, it } from 'vitest'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { trainingLosses } from '../../src/diffusion/losses.js'
import { tf, type Tensor, type Tensor5D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'
import { madeConditioning, madeVideo, tinyConfig } from '../helpers/tiny-model.js'

describeEachBackend('losses of a learned variance', () => {
  const diffusion = createDiffusion(tinyConfig({ learn_sigma: true }))

  /** Losses of a network whose output is given: prediction and variance values. */
  const lossesOf = (prediction: Tensor, variance: Tensor) => {
    const { x0, obsMask, latentMask } = madeConditioning()
    const at = diffusion.at([4, 20])
    const network = () => tf.concat([prediction, variance], 4) as Tensor5D
    const lossMask = tf.sub<typeof obsMask>(1, obsMask)
    return trainingLosses(diffusion, network, {
      x0,
      noise: madeVideo('noise', 2, 4),
      at,
      lossMask,
      evalMask: latentMask,
    })
  }

  it('the variational term moves the variance and leaves the prediction alone', () => {
    tf.tidy(() => {
      const [prediction, variance] = [madeVideo('prediction', 2, 4), madeVideo('variance', 2, 4)]
      const vb = (p: Tensor, v: Tensor) => tf.sum(lossesOf(p, v).vb ?? tf.scalar(NaN))
      const [toPrediction, toVariance] = tf.grads(vb)([prediction, variance])
      expect(Math.max(...(toPrediction?.abs().dataSync() ?? [NaN]))).toBe(0)
      expect(Math.max(...(toVariance?.abs().dataSync() ?? [NaN]))).toBeGreaterThan(0)
      const mse = (p: Tensor, v: Tensor) =>
        tf.add(tf.sum(lossesOf(p, v).mse ?? tf.scalar(NaN)), tf.mul(0, tf.sum(v)))
      const [mseToPrediction, mseToVariance] = tf.grads(mse)([prediction, variance])
      expect(Math.max(...(mseToPrediction?.abs().dataSync() ?? [NaN]))).toBeGreaterThan(0)
      expect(Math.max(...(mseToVariance?.abs().dataSync() ?? [NaN]))).toBe(0)
    })
  })

  it('looks only at frames that are trained on, and adds up', () => {
    tf.tidy(() => {
      const { obsMask } = madeConditioning()
      const [prediction, variance] = [madeVideo('prediction', 2, 4), madeVideo('variance', 2, 4)]
      const observed = tf.reshape(obsMask, [2, 4, 1, 1, 1])
      const other = tf.mul(madeVideo('other', 2, 4), observed)
      const before = lossesOf(prediction, variance)
      const after = lossesOf(tf.add(prediction, other), tf.add(variance, other))
      for (const name of ['loss', 'mse', 'vb'] as const)
        expect(after[name]?.dataSync()).toEqual(before[name]?.dataSync())
      const [loss, mse, vb] = [before.loss, before.mse, before.vb].map(
        (value) => value?.dataSync<'float32'>() ?? [],
      )
      for (let video = 0; video < 2; video++)
        expect(loss?.[video]).toBeCloseTo((mse?.[video] ?? NaN) + (vb?.[video] ?? NaN), 5)
    })
  })
})
