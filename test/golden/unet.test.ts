import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fillModelConfig } from '../../src/config/model.js'
import { ancestralStep } from '../../src/diffusion/samplers/ancestral.js'
import { ddimStep, ddimWeights } from '../../src/diffusion/samplers/ddim.js'
import { likelihoodTerms, priorBits } from '../../src/diffusion/likelihood.js'
import { parameterCount, parameterSpecs } from '../../src/model/parameters.js'
import { tf } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'
import { GOLDEN, goldenCases } from '../helpers/golden.js'
import { loadCase, readCase, type LoadedCase } from '../helpers/golden-unet.js'
import { expectLearning, expectPicture, expectPrediction } from '../helpers/golden-unet-checks.js'
import { goldenFunctions, goldenInputs } from '../helpers/golden-unet-runs.js'

const directories = goldenCases('unet')

it('finds golden cases', () => {
  expect(directories, `no unet/*/case.json below ${GOLDEN}`).not.toHaveLength(0)
})

for (const directory of directories) {
  const golden = readCase(directory)

  it(`${path.basename(directory)}: parameters have PyTorch's names, shapes and order`, () => {
    const specs = parameterSpecs(loadConfig())
    expect(Object.fromEntries(specs.map(({ name, shape }) => [name, shape]))).toEqual(golden.parameters)
    expect(specs.map(({ name }) => name)).toEqual(Object.keys(golden.parameters))
    expect(parameterCount(loadConfig())).toBe(golden.n_params)
  })

  describeEachBackend(path.basename(directory), (backend) => {
    let loaded: LoadedCase
    beforeAll(() => {
      loaded = loadCase(golden)
    })
    afterAll(() => {
      tf.disposeVariables()
    })

    it('diffuses, predicts and attends as the original', () => {
      tf.tidy(() => {
        const prediction = goldenFunctions(loaded).predict(loaded.model.parameters, goldenInputs(loaded))
        expectPrediction(golden, prediction, path.join(directory, 'model_out.npy'))
      })
    })

    // WebAssembly's backward pass is slow: whole networks up to 32 px are enough to test its kernels.
    it.skipIf(backend === 'wasm' && golden.config.image_size !== 32)('learns as the original', () => {
      const { parameters } = loaded.model
      tf.tidy(() => {
        expectLearning(golden, parameters, goldenFunctions(loaded).learn(parameters, goldenInputs(loaded)))
      })
    })

    for (const kind of ['ddpm', 'ddim'] as const)
      it(`samples as the original: ${kind}`, () => {
        const { diffusion, conditioning, model, input } = loaded
        const denoise = diffusion.denoiser(model.conditioned(conditioning), { clipDenoised: true })
        tf.tidy(() => {
          let x = input('start')
          for (const [i, t] of golden.chain.t.entries()) {
            const denoised = denoise(x, t)
            const noise = t === 0 ? undefined : input(`step-noise-${i}`)
            x =
              kind === 'ddpm'
                ? ancestralStep(denoised, noise)
                : ddimStep(x, denoised, ddimWeights(diffusion.schedule, t, golden.chain.eta), noise)
            const expected = golden.chain[kind][i]
            const label = `${kind} at ${t}`
            expectPicture('pred_xstart', denoised.predXStart, expected?.pred_xstart, `${label}, x_0`)
            expectPicture('sample', x, expected?.sample, label)
          }
        })
      })

    it('has the terms of the likelihood bound', () => {
      const { diffusion, conditioning, model, input } = loaded
      const { t_seq: times, values } = golden.bpd
      tf.tidy(() => {
        const network = model.conditioned(conditioning)
        const { x0, latentMask: mask } = conditioning
        const prior = priorBits(diffusion, x0, mask).dataSync<'float32'>()
        const total = Float64Array.from(prior)
        for (const [i, time] of times.entries()) {
          const t = Array.from({ length: golden.batch }, () => time)
          const terms = likelihoodTerms(diffusion, network, {
            x0,
            t,
            noise: input('noise'),
            mask,
            clipDenoised: true,
          })
          for (const name of ['vb', 'xstart_mse', 'mse'] as const) {
            const actual = terms[name].dataSync<'float32'>()
            for (let video = 0; video < golden.batch; video++) {
              expectBits(`${name} of video ${video} at ${time}`, actual[video], values[name][video]?.[i])
              if (name === 'vb') total[video] = (total[video] ?? NaN) + (actual[video] ?? NaN)
            }
          }
        }
        for (let video = 0; video < golden.batch; video++) {
          expectBits(`prior of video ${video}`, prior[video], values.prior_bpd[video])
          expectBits(`total of video ${video}`, total[video], values.total_bpd[video])
        }
      })
    })
  })

  function loadConfig() {
    return fillModelConfig(golden.config)
  }
}

function expectBits(what: string, actual = NaN, expected = NaN) {
  expect(Math.abs(actual - expected), what).toBeLessThanOrEqual(Math.max(1e-2 * Math.abs(expected), 1e-5))
}
