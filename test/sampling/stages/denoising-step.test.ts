import { expect, it } from 'vitest'
import { createSampler } from '../../../src/diffusion/samplers/create-sampler.js'
import { walk } from '../../../src/diffusion/samplers/walk.js'
import { tf, type Tensor5D } from '../../../src/runtime/tf.js'
import { denoisingStep } from '../../../src/sampling/stages/denoising-step.js'
import { stageNoise, stageSeeds } from '../../../src/sampling/stages/stage-noise.js'
import { describeEachBackend } from '../../helpers/backends.js'
import { fakeDiffusion, fakeModel } from '../fake-model.js'

const keys = [0, 1].map((video) => ({ seed: 0, video, sampleIdx: 0, stage: 0 }))

describeEachBackend('the denoising step', () => {
  it.each(['dpm++', 'ddim'] as const)('walks as %s does, also with what it carries', async (name) => {
    const predict = (x: Tensor5D): Tensor5D => tf.tanh(tf.mul(x, 2))
    const sampler = createSampler(name, fakeDiffusion.schedule)
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
    tf.dispose(await compiled())
    const before = tf.memory().numTensors
    const sample = await compiled()
    expect(tf.memory().numTensors).toBe(before + 1)
    const plain = await sampler.sample({
      denoise: fakeDiffusion.denoiser(predict, { clipDenoised: false }),
      start,
      noise: () => expect.fail('it is deterministic'),
    })
    const apart = tf.tidy(() => tf.max(tf.abs(tf.sub(sample, plain))).dataSync()[0])
    expect(apart).toBeLessThan(1e-5)
    denoise.dispose()
    tf.dispose([start, sample, plain, { ...conditioning }])
  })
})
