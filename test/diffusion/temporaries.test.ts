import { expect, it } from 'vitest'
import { fillModelConfig } from '../../src/config/model.js'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { trainingLosses } from '../../src/diffusion/losses.js'
import type { Network } from '../../src/diffusion/types.js'
import { tf, type Tensor } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

describeEachBackend('functions of the diffusion, called outside of a tidy', () => {
  const shape: [number, number, number, number, number] = [2, 3, 4, 4, 3]
  const clip = { clipDenoised: true }
  it.each([
    { predict_xstart: true },
    { learn_sigma: true },
    { learn_sigma: true, use_kl: true },
    { sigma_small: true },
  ])('free all but what they return: %o', (options) => {
    const diffusion = createDiffusion(fillModelConfig({ ...options, diffusion_steps: 50 }))
    const [x0, noise] = [
      tf.randomUniform<tf.Rank.R5>(shape, -1, 1),
      tf.randomNormal<tf.Rank.R5>(shape),
    ] as const
    const mask = tf.ones<tf.Rank.R2>([2, 3])
    const at = diffusion.at([0, 49])
    const network: Network = (x) =>
      tf.tidy(() => ('learn_sigma' in options ? tf.concat([x, tf.neg(x)], 4) : tf.tanh(x)))
    const output = network(noise, tf.tensor1d([0, 0]))
    const calls: Readonly<Record<string, () => Tensor | object>> = {
      qSample: () => diffusion.qSample(x0, at, noise),
      posteriorMean: () => diffusion.posteriorMean(x0, noise, at),
      pMeanVariance: () => diffusion.pMeanVariance(network, noise, at, clip),
      interpret: () => diffusion.interpret(output, noise, at, { clipDenoised: false }),
      networkTimesteps: () => diffusion.networkTimesteps(at),
      epsFromXStart: () => diffusion.epsFromXStart(noise, x0, at),
      trainingLosses: () =>
        trainingLosses(diffusion, network, { x0, noise, at, lossMask: mask, evalMask: mask }),
    }
    for (const [name, call] of Object.entries(calls)) {
      const before = tf.memory().numTensors
      const result = call()
      const returned = result instanceof tf.Tensor ? [result] : [...new Set<Tensor>(Object.values(result))]
      expect(tf.memory().numTensors - before, name).toBe(returned.length)
      tf.dispose(returned)
    }
    // What was passed is still there.
    for (const given of [x0, noise, mask, at, output]) expect(given.isDisposed).toBe(false)
    tf.dispose([x0, noise, mask, at, output])
  })
})
