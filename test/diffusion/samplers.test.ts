import { expect, it } from 'vitest'
import { fillModelConfig } from '../../src/config/model.js'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { ancestralSampler } from '../../src/diffusion/samplers/ancestral.js'
import { ddimSampler, ddimWeights } from '../../src/diffusion/samplers/ddim.js'
import { samplerOf } from '../../src/diffusion/samplers/sampler.js'
import type { Network, SamplerStep } from '../../src/diffusion/types.js'
import { randomNormal } from '../../src/runtime/random-normal.js'
import { tf, type Tensor5D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

const SHAPE: [number, number, number, number, number] = [1, 4, 16, 16, 3]
const MEAN = 0.3
const DEVIATION = 0.2

const diffusion = createDiffusion(
  fillModelConfig({
    diffusion_steps: 100,
    noise_schedule: 'cosine',
    sigma_small: true,
    rescale_timesteps: false,
  }),
)

/** The network that has learnt x_0 ~ N(MEAN, DEVIATION^2) perfectly: E[noise | x_t] in closed form. */
const perfect: Network = (x, timesteps) => {
  const [t = NaN] = timesteps.dataSync()
  const alphaBar = diffusion.schedule.alphasCumprod[t] ?? NaN
  const variance = alphaBar * DEVIATION ** 2 + 1 - alphaBar
  return tf.mul(tf.sub(x, Math.sqrt(alphaBar) * MEAN), Math.sqrt(1 - alphaBar) / variance)
}

interface Weights {
  readonly xStart: number
  readonly xT: number
  readonly noise: number
}

function ancestralWeights(t: number): Weights {
  const { posteriorMeanCoef1, posteriorMeanCoef2, posteriorVariance } = diffusion.schedule
  return {
    xStart: posteriorMeanCoef1[t] ?? NaN,
    xT: posteriorMeanCoef2[t] ?? NaN,
    noise: Math.sqrt(posteriorVariance[t] ?? NaN),
  }
}

/** Every step is linear in x_t, as E[x_0 | x_t] is, so the variance of the sample has a closed form. */
function finalDeviation(weights: (t: number) => Weights): number {
  let variance = 1
  for (let t = diffusion.numTimesteps - 1; t >= 0; t--) {
    const alphaBar = diffusion.schedule.alphasCumprod[t] ?? NaN
    const gain = (Math.sqrt(alphaBar) * DEVIATION ** 2) / (alphaBar * DEVIATION ** 2 + 1 - alphaBar)
    const { xStart, xT, noise } = weights(t)
    variance = (xStart * gain + xT) ** 2 * variance + noise ** 2
  }
  return Math.sqrt(variance)
}

describeEachBackend('samplers on Gaussian data', () => {
  const denoise = diffusion.denoiser(perfect, { clipDenoised: false })
  const noise = (t: number) => randomNormal(SHAPE, [7, t]) as Tensor5D

  it.each([
    ['ancestral', ancestralSampler(diffusion.schedule), ancestralWeights],
    ...[0, 0.5, 1].map((eta) => {
      const weights = (t: number) => ddimWeights(diffusion.schedule, t, eta)
      return [`DDIM with eta ${eta}`, ddimSampler(diffusion.schedule, { eta }), weights] as const
    }),
  ] as const)(
    '%s sampling ends in the distribution that its steps compose to',
    async (_, sampler, weights) => {
      const start = randomNormal(SHAPE, [1, 2]) as Tensor5D
      const sample = await sampler.sample({ denoise, start, noise })
      const { mean, variance } = tf.moments(sample)
      // Of 3072 values the mean is good to 0.004, the deviation to 1.3 %: three times as much is allowed.
      expect(Math.abs((mean.dataSync()[0] ?? NaN) - MEAN)).toBeLessThan(0.012)
      const deviation = Math.sqrt(variance.dataSync()[0] ?? NaN)
      expect(Math.abs(deviation / finalDeviation(weights) - 1)).toBeLessThan(0.04)
      tf.dispose([start, sample, mean, variance])
    },
  )

  it('deterministic DDIM keeps each value at its quantile', async () => {
    const start = randomNormal(SHAPE, [3, 4]) as Tensor5D
    const sample = await ddimSampler(diffusion.schedule).sample({ denoise, start, noise })
    const [from, to] = [start.dataSync<'float32'>(), sample.dataSync<'float32'>()]
    for (const [i, value] of to.entries())
      expect(Math.abs(value - (MEAN + DEVIATION * (from[i] ?? NaN)))).toBeLessThan(
        0.05 * Math.max(1, Math.abs(from[i] ?? NaN)),
      )
    tf.dispose([start, sample])
  })

  it('adds no noise at the last step and none at all with eta 0', async () => {
    const asked: number[] = []
    const record = (t: number) => {
      asked.push(t)
      return noise(t)
    }
    const start = randomNormal(SHAPE, [5, 6]) as Tensor5D
    const run = { denoise, start, noise: record }
    tf.dispose(await ddimSampler(diffusion.schedule).sample(run))
    expect(asked).toEqual([])
    tf.dispose(await ancestralSampler(diffusion.schedule).sample(run))
    expect(asked).toEqual(Array.from({ length: 99 }, (_, i) => 99 - i))
    start.dispose()
  })

  it.each<[string, SamplerStep['update']]>([
    ['nothing of what it carries', ([x]) => [x]],
    ['something of another shape', ([x, before]) => [x, tf.slice(before ?? x, 0, [1, 2])]],
  ])('a step that gives %s is an error', async (_, update) => {
    const start = randomNormal(SHAPE, [5, 6]) as Tensor5D
    const sampler = samplerOf({ name: 'own', numTimesteps: 2, numCarried: 1, weights: () => [0], update })
    const before = tf.memory().numTensors
    await expect(sampler.sample({ denoise, start, noise })).rejects.toThrow(
      /: \(1, 4, 16, 16, 3\), \(1, 4, 16, 16, 3\), not \(1, 4, 16, 16, 3\)(, \(1, 2, 16, 16, 3\))?$/,
    )
    expect(tf.memory().numTensors).toBe(before)
    start.dispose()
  })

  it('frees everything but the sample, also when stopped', async () => {
    const sampler = ancestralSampler(diffusion.schedule)
    const start = randomNormal(SHAPE, [5, 6]) as Tensor5D
    tf.dispose(await sampler.sample({ denoise, start, noise }))
    const before = tf.memory().numTensors
    tf.dispose(await sampler.sample({ denoise, start, noise }))
    expect(tf.memory().numTensors).toBe(before)
    const stop = (done: number) => {
      if (done === 10) throw new Error('stopped')
    }
    await expect(sampler.sample({ denoise, start, noise, onStep: stop })).rejects.toThrow('stopped')
    expect(tf.memory().numTensors).toBe(before)
    start.dispose()
  })
})
