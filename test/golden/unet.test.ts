import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { resolveModelConfig } from '../../src/config/model.js'
import { ancestralStep } from '../../src/diffusion/samplers/ancestral.js'
import { ddimStep, ddimWeights } from '../../src/diffusion/samplers/ddim.js'
import { likelihoodTerms, priorBits } from '../../src/diffusion/likelihood.js'
import { trainingLosses } from '../../src/diffusion/losses.js'
import { parameterCount, parameterSpecs } from '../../src/model/parameters.js'
import { modelOf } from '../../src/model/video-model.js'
import { toTorchLayout } from '../../src/model/torch-layout.js'
import { tf, type Tensor, type Tensor2D, type Tensor5D } from '../../src/runtime/tf.js'
import { readNpy } from '../../src/data/npy.js'
import { adamwScalars } from '../../src/training/adamw.js'
import { parameterUpdate } from '../../src/training/parameter-update.js'
import { describeEachBackend } from '../helpers/backends.js'
import { GOLDEN, goldenCases, sizeOf, summary, type Summary } from '../helpers/golden.js'
import { channelsFirst, loadCase, readCase, type LoadedCase } from '../helpers/golden-unet.js'

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
      const { diffusion, conditioning, model, input } = loaded
      tf.tidy(() => {
        const at = diffusion.at(golden.t)
        const xT = diffusion.qSample(conditioning.x0, at, input('noise'))
        expectClose('x_t', summarize('x_t', xT), golden.x_t, PICTURES)

        const seen: Record<'temporal' | 'spatial', { shape: number[]; summary: Summary }[]> = {
          temporal: [],
          spatial: [],
        }
        const output = model.apply(
          { ...conditioning, x: xT, timesteps: diffusion.networkTimesteps(at) },
          {
            onAttention: (layer, weights) => {
              const values = weights.dataSync<'float32'>()
              seen[layer].push({ shape: weights.shape, summary: summary('attn', values, weights.shape) })
            },
          },
        )
        expectOutput(output, path.join(directory, 'model_out.npy'))
        expectClose('model_out', summarize('model_out', output), golden.model_out, PICTURES)
        for (const layer of ['temporal', 'spatial'] as const) {
          expect(seen[layer].map(({ shape }) => shape)).toEqual(
            golden.attention[layer].map(({ shape }) => shape),
          )
          for (const [i, attention] of golden.attention[layer].entries())
            expectClose(`${layer} attention ${i}`, seen[layer][i]?.summary, attention.summary, PICTURES)
        }
      })
    })

    // WebAssembly's backward pass is slow: whole networks up to 32 px are enough to test its kernels.
    it.skipIf(backend === 'wasm' && golden.config.image_size !== 32)('learns as the original', () => {
      const { model, config, conditioning, diffusion, input } = loaded
      const names = [...model.parameters.keys()]
      tf.tidy(() => {
        const lossMask: Tensor2D = golden.loss_mask.startsWith('mse weighs by 1 - obs_mask')
          ? tf.sub(1, conditioning.obsMask)
          : conditioning.latentMask
        const at = diffusion.at(golden.t)
        const losses: Record<string, Float32Array> = {}
        const meanLoss = (...values: Tensor[]) => {
          const current = modelOf(
            config,
            new Map(names.map((name, i) => [name, values[i] ?? tf.scalar(NaN)])),
          )
          const terms = trainingLosses(diffusion, current.conditioned(conditioning), {
            x0: conditioning.x0,
            noise: input('noise'),
            at,
            lossMask,
            evalMask: conditioning.latentMask,
          })
          for (const [name, value] of Object.entries(terms) as [string, Tensor][])
            losses[name] = value.dataSync<'float32'>()
          return tf.mean(terms.loss)
        }
        const gradients = tf.grads(meanLoss)([...model.parameters.values()])

        for (const [name, expected] of Object.entries(golden.losses))
          for (const [video, value] of expected.entries())
            expect(
              Math.abs((losses[name]?.[video] ?? NaN) / value - 1),
              `${name} of video ${video}`,
            ).toBeLessThan(1e-4)

        const rms = (name: string, squares: number) =>
          Math.sqrt(squares / sizeOf(golden.parameters[name] ?? []))
        const largest = Math.max(
          ...Object.entries(golden.gradients).map(([name, [, squares]]) => rms(name, squares)),
        )
        // A bias straight before a norm has no gradient: what both sides have there is rounding.
        const isRounding = (name: string) => rms(name, golden.gradients[name]?.[1] ?? NaN) < 3e-6 * largest
        const rounding = 1e-5 * largest
        for (const [i, name] of names.entries()) {
          const actual = summarizeParameter(name, gradients[i] ?? tf.scalar(NaN))
          if (isRounding(name)) expect(rms(name, actual[1]), `gradient of ${name}`).toBeLessThan(rounding)
          else expectClose(`gradient of ${name}`, actual, golden.gradients[name], GRADIENTS)
        }

        const { lr, betas, eps, weight_decay: weightDecay, change } = golden.adamw
        const numbers = adamwScalars({ lr, betas, weightDecay }, 1)
        const scalars = {
          keep: tf.scalar(numbers.keep),
          stepSize: tf.scalar(numbers.stepSize),
          rootCorrection: tf.scalar(numbers.rootCorrection),
        }
        for (const [i, [name, param]] of [...model.parameters].entries()) {
          const grad = gradients[i] ?? tf.scalar(NaN)
          const moment = tf.zerosLike(param)
          const slot = { param, grad, expAvg: moment, expAvgSq: moment }
          const updated = parameterUpdate(slot, [], scalars, { betas, eps, emaRates: [] })
          const moved = tf.sub(updated.param, param)
          if (isRounding(name)) {
            // Only the weight decay is to be seen; the first update of a gradient g is lr g / (|g| + eps).
            const undecayed = summarizeParameter(name, tf.add(moved, tf.mul(param, lr * weightDecay)))
            expect(rms(name, undecayed[1]), `change of ${name}`).toBeLessThan((lr * rounding) / eps)
          } else expectClose(`change of ${name}`, summarizeParameter(name, moved), change[name], GRADIENTS)
        }
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
            expectClose(
              `${label}, x_0`,
              summarize('pred_xstart', denoised.predXStart),
              expected?.pred_xstart,
              PICTURES,
            )
            expectClose(label, summarize('sample', x), expected?.sample, PICTURES)
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
    return resolveModelConfig(golden.config)
  }
}

interface Tolerance {
  /** Of sum and probe, relative to the larger of the value and the root of the sum of squares. */
  readonly linear: number
  /** Of the sum of squares, relative. */
  readonly squares: number
}
// What a float32 implementation meets: the original on two versions of PyTorch differs by a third of it.
const PICTURES: Tolerance = { linear: 1e-3, squares: 2e-3 }
const GRADIENTS: Tolerance = { linear: 1e-2, squares: 2e-2 }

function expectClose(
  what: string,
  actual: Summary | undefined,
  expected: Summary | undefined,
  tolerance: Tolerance,
) {
  const [sum, squares, probe] = actual ?? [NaN, NaN, NaN]
  const [goldenSum, goldenSquares, goldenProbe] = expected ?? [NaN, NaN, NaN]
  const scale = Math.sqrt(goldenSquares)
  const bound = (value: number) => tolerance.linear * Math.max(Math.abs(value), scale)
  expect(Math.abs(sum - goldenSum), `sum of ${what}`).toBeLessThanOrEqual(bound(goldenSum))
  expect(Math.abs(probe - goldenProbe), `probe of ${what}`).toBeLessThanOrEqual(bound(goldenProbe))
  expect(Math.abs(squares - goldenSquares), `squares of ${what}`).toBeLessThanOrEqual(
    tolerance.squares * goldenSquares,
  )
}

function expectBits(what: string, actual = NaN, expected = NaN) {
  expect(Math.abs(actual - expected), what).toBeLessThanOrEqual(Math.max(1e-2 * Math.abs(expected), 1e-5))
}

/** 2e-3 at every value and 3e-4 of its own root mean square on the whole. */
function expectOutput(output: Tensor5D, file: string) {
  const { values, shape } = channelsFirst(output)
  const expected = readNpy(file)
  expect(shape).toEqual(expected.shape)
  let [worst, error, power] = [0, 0, 0]
  for (const [i, value] of values.entries()) {
    const reference = Number(expected.data[i])
    worst = Math.max(worst, Math.abs(value - reference))
    error += (value - reference) ** 2
    power += reference ** 2
  }
  expect(worst, 'largest difference of the output').toBeLessThan(2e-3)
  expect(Math.sqrt(error / power), 'relative difference of the output').toBeLessThan(3e-4)
}

function summarize(name: string, x: Tensor5D): Summary {
  const { values, shape } = channelsFirst(x)
  return summary(name, values, shape)
}

function summarizeParameter(name: string, x: Tensor): Summary {
  const shape = x.rank === 4 ? [3, 2, 0, 1] : x.rank === 2 ? [1, 0] : [0]
  return summary(name, toTorchLayout(x), shape.map((axis) => x.shape[axis] ?? 0)) // prettier-ignore
}
