import { expect, it } from 'vitest'
import { createSampler } from '../../../src/diffusion/samplers/create-sampler.js'
import { samplerOf } from '../../../src/diffusion/samplers/sampler.js'
import { walk } from '../../../src/diffusion/samplers/walk.js'
import { tf, type Tensor5D } from '../../../src/runtime/tf.js'
import { denoisingStep } from '../../../src/sampling/stages/denoising-step.js'
import { stageNoise, stageSeeds } from '../../../src/sampling/stages/stage-noise.js'
import { describeEachBackend } from '../../helpers/backends.js'
import { fakeDiffusion, fakeModel } from '../fake-model.js'

const keys = [0, 1].map((video) => ({ seed: 0, video, sampleIdx: 0, stage: 0 }))

/** Carries x_t itself and, in two places, the guess of x_0. */
const carriesAsIs = samplerOf({
  name: 'as-is',
  numTimesteps: fakeDiffusion.numTimesteps,
  numCarried: 2,
  weights: () => [0],
  update: ([x, before, guess], { predXStart }) => {
    if (!before || !guess) throw new Error('what is carried is missing')
    const next: Tensor5D = tf.add(tf.add(tf.mul(x, 0.5), tf.mul(before, 0.25)), tf.mul(guess, 0.125))
    return [next, x, predXStart]
  },
})

/** Ends with the guess of x_0, which is also carried. */
const endsAsIs = samplerOf({
  ...carriesAsIs,
  name: 'guess-as-is',
  numCarried: 1,
  update: (_, { predXStart }) => [predXStart, predXStart],
})

describeEachBackend('the denoising step', () => {
  it.each([
    createSampler('dpm++', fakeDiffusion.schedule),
    createSampler('ddim', fakeDiffusion.schedule),
    carriesAsIs,
    endsAsIs,
  ])('walks as $name does, also with what it carries', async (sampler) => {
    const predict = (x: Tensor5D): Tensor5D => tf.tanh(tf.mul(x, 2))
    const model = fakeModel((_, x) => predict(x))
    const denoise = denoisingStep({ model, diffusion: fakeDiffusion, sampler, clipDenoised: false })
    const start = stageNoise(keys, [3, 4, 4, 3], 'start')
    const conditioning = {
      x0: tf.zerosLike(start),
      obsMask: tf.tensor2d(new Float32Array(6), [2, 3]),
      latentMask: tf.tensor2d(new Float32Array(6).fill(1), [2, 3]),
      frameIndices: tf.tensor2d(new Int32Array(6), [2, 3], 'int32'),
    }
    const steps = { numTimesteps: sampler.numTimesteps, numCarried: denoise.numCarried }
    const compiled = () =>
      walk(steps, { start }, (state, t) => denoise.run(conditioning, state, t, stageSeeds(keys, t)))
    const first = await compiled()
    expect(Number.isFinite((await first.data())[0])).toBe(true)
    first.dispose()
    const before = tf.memory().numTensors
    const sample = await compiled()
    expect(tf.memory().numTensors).toBe(before + 1)
    const plain = await sampler.sample({
      denoise: fakeDiffusion.denoiser(predict, { clipDenoised: false }),
      start,
      noise: () => expect.fail('it is deterministic'),
    })
    expect(tf.memory().numTensors).toBe(before + 2)
    const apart = tf.tidy(() => tf.max(tf.abs(tf.sub(sample, plain))).dataSync()[0])
    expect(apart).toBeLessThan(1e-5)
    denoise.dispose()
    tf.dispose([start, sample, plain, { ...conditioning }])
  })
})
