import { expect, it } from 'vitest'
import { createSampler } from '../../src/diffusion/samplers/create-sampler.js'
import {
  dpmSolverSampler,
  dpmSolverWeights,
  sdeDpmSolverSampler,
  sdeDpmSolverWeights,
  type SolverWeights,
} from '../../src/diffusion/samplers/dpm-solver.js'
import type { SamplerSchedule } from '../../src/diffusion/samplers/sampler-schedule.js'
import { ddimWeights } from '../../src/diffusion/samplers/ddim.js'
import { createSchedule, type Schedule } from '../../src/diffusion/schedule.js'
import type { Denoiser } from '../../src/diffusion/types.js'
import { randomNormal } from '../../src/runtime/random-normal.js'
import { tf, type Tensor5D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

/** The data: x_0 ~ N(MEAN, DEVIATION^2), every pixel by itself. */
const MEAN = 0.3
const DEVIATION = 0.4

/** A schedule of even steps of lambda, from 2.5 down to -2.5 (sigma 0.08 to 0.997), however many. */
function evenSchedule(numTimesteps: number): Schedule {
  return scheduleOf(Array.from({ length: numTimesteps }, (_, t) => 2.5 - (5 * t) / (numTimesteps - 1)))
}

/** The same with steps of two lengths in turn, the longer one twice the other. */
function unevenSchedule(numTimesteps: number): Schedule {
  const lengths = Array.from({ length: numTimesteps - 1 }, (_, i) => 1 + (i % 2))
  const whole = lengths.reduce((sum, length) => sum + length, 0)
  let lambda = 2.5
  return scheduleOf([lambda, ...lengths.map((length) => (lambda -= (5 * length) / whole))])
}

/** @param lambdas log alpha / sigma at each step, descending */
function scheduleOf(lambdas: readonly number[]): Schedule {
  const numTimesteps = lambdas.length
  const alphasCumprod = Float64Array.from(lambdas, (lambda) => 1 / (1 + Math.exp(-2 * lambda)))
  const alphasCumprodPrev = Float64Array.of(1, ...alphasCumprod.subarray(0, -1))
  const schedule: SamplerSchedule = { numTimesteps, alphasCumprod, alphasCumprodPrev }
  return schedule as Schedule
}

const varianceAt = (alphaBar: number, deviation = DEVIATION) => alphaBar * deviation ** 2 + 1 - alphaBar

/** E[x_0 | x_t] = offset + gain x_t. */
function exactGuess(alphaBar: number, deviation = DEVIATION) {
  const gain = (Math.sqrt(alphaBar) * deviation ** 2) / varianceAt(alphaBar, deviation)
  return { offset: MEAN * (1 - gain * Math.sqrt(alphaBar)), gain }
}

const denoiserOf =
  ({ alphasCumprod }: SamplerSchedule): Denoiser =>
  (x, t) => {
    const { offset, gain } = exactGuess(alphasCumprod[t] ?? NaN)
    const predXStart: Tensor5D = tf.add(tf.mul(x, gain), offset)
    return { predXStart, mean: tf.zerosLike(x), logVariance: tf.zerosLike(x) }
  }

/** Where the differential equation leads from x_T: each value keeps its quantile; then the last guess. */
function exactEnd(schedule: SamplerSchedule, start: number): number {
  const first = schedule.alphasCumprod[0] ?? NaN
  const last = schedule.alphasCumprod.at(-1) ?? NaN
  const quantile = (start - Math.sqrt(last) * MEAN) / Math.sqrt(varianceAt(last))
  const { offset, gain } = exactGuess(first)
  return offset + gain * (Math.sqrt(first) * MEAN + Math.sqrt(varianceAt(first)) * quantile)
}

/** Mean and deviation of the samples, in float64: each step is linear in x_t and the guess before. */
function finalMoments(schedule: SamplerSchedule, weights: (t: number) => SolverWeights) {
  // x_t and the guess before, each as mean plus a combination of all noise drawn so far.
  let x = { mean: 0, noise: [1] }
  let before = { mean: 0, noise: [0] }
  for (let t = schedule.numTimesteps - 1; t >= 0; t--) {
    const { offset, gain } = exactGuess(schedule.alphasCumprod[t] ?? NaN)
    const guess = { mean: offset + gain * x.mean, noise: x.noise.map((value) => gain * value) }
    const { xT, current, previous, noise } = weights(t)
    const mix = (a: number, b: number, c: number) => xT * a + current * b + previous * c
    const mixed = x.noise.map((value, i) => mix(value, guess.noise[i] ?? 0, before.noise[i] ?? 0))
    x = { mean: mix(x.mean, guess.mean, before.mean), noise: [...mixed, noise] }
    before = guess
  }
  return { mean: x.mean, deviation: Math.hypot(...x.noise) }
}

describeEachBackend('DPM-Solver++ on Gaussian data', () => {
  it.each([
    ['ddim', 'even', true, 1],
    ['dpm++', 'even', true, 2],
    // Even steps are not limited: the same as above.
    ['dpm++', 'even', false, 2],
    ['dpm++', 'uneven', false, 2],
    // Every second step extrapolates half as far as its length asks for.
    ['dpm++', 'uneven', true, 1],
  ] as const)(
    '%s on %s steps, limited: %s, converges with order %i',
    async (name, kind, isLimited, order) => {
      const from = [-2, -0.5, 0.1, 1.5]
      const start = tf.tensor5d(from, [1, 1, 2, 2, 1])
      const errors = []
      for (const steps of kind === 'even' ? [21, 41, 81] : [41, 81, 161]) {
        const schedule = kind === 'even' ? evenSchedule(steps) : unevenSchedule(steps)
        const run = { denoise: denoiserOf(schedule), start, noise: () => expect.fail('it is deterministic') }
        const end = await createSampler(name, schedule, { limit_extrapolation: isLimited }).sample(run)
        const exact = from.map((value) => exactEnd(schedule, value))
        errors.push(Math.max(...[...end.dataSync()].map((value, i) => Math.abs(value - (exact[i] ?? NaN)))))
        end.dispose()
      }
      start.dispose()
      const [coarse = NaN, middle = NaN, fine = NaN] = errors
      expect(Math.abs(Math.log2(coarse / middle) - order)).toBeLessThan(0.2)
      expect(Math.abs(Math.log2(middle / fine) - order)).toBeLessThan(0.1)
    },
  )

  it('the stochastic form draws from the data', async () => {
    const schedule = createSchedule({
      noise_schedule: 'cosine',
      diffusion_steps: 1000,
      timestep_respacing: '50',
    })
    const shape: [number, number, number, number, number] = [1, 4, 16, 16, 3]
    const start = randomNormal(shape, [1, 2]) as Tensor5D
    const asked: number[] = []
    const noise = (t: number) => {
      asked.push(t)
      return randomNormal(shape, [7, t]) as Tensor5D
    }
    const sampler = sdeDpmSolverSampler(schedule)
    const before = tf.memory().numTensors
    const sample = await sampler.sample({ denoise: denoiserOf(schedule), start, noise })
    expect(tf.memory().numTensors).toBe(before + 1)
    expect(asked).toEqual(Array.from({ length: 49 }, (_, i) => 49 - i))
    const moments = tf.moments(sample)
    const [mean = NaN] = moments.mean.dataSync()
    const [variance = NaN] = moments.variance.dataSync()
    const expected = finalMoments(schedule, (t) => sdeDpmSolverWeights(schedule, t))
    // Of 3072 values the mean is good to 0.007, the deviation to 1.3 %: three times as much is allowed.
    expect(Math.abs(mean - expected.mean)).toBeLessThan(0.02)
    expect(Math.abs(Math.sqrt(variance) / expected.deviation - 1)).toBeLessThan(0.04)
    tf.dispose([start, sample, moments.mean, moments.variance])
  })
})

it('the stochastic form has the right mean, and a variance that converges with order 2', () => {
  const errors = [21, 41, 81].map((steps) => {
    const schedule = evenSchedule(steps)
    const { mean, deviation } = finalMoments(schedule, (t) => sdeDpmSolverWeights(schedule, t))
    // A trace of the mean of x_T, which is taken for 0, is left.
    expect(Math.abs(mean - MEAN)).toBeLessThan(5e-4)
    // What the last guess makes of the right distribution one step before the end.
    const first = schedule.alphasCumprod[0] ?? NaN
    return Math.abs(deviation / (exactGuess(first).gain * Math.sqrt(varianceAt(first))) - 1)
  })
  const [coarse = NaN, middle = NaN, fine = NaN] = errors
  expect(Math.abs(Math.log2(coarse / middle) - 2)).toBeLessThan(0.35)
  expect(Math.abs(Math.log2(middle / fine) - 2)).toBeLessThan(0.15)
  expect(fine).toBeLessThan(1e-3)
})

it('the first and the last step are of first order, those of DDIM', () => {
  const schedule = evenSchedule(10)
  for (const t of [9, 0]) {
    const { xStart, xT } = ddimWeights(schedule, t, 0)
    const weights = dpmSolverWeights(schedule, t)
    expect(weights.xT).toBeCloseTo(xT, 12)
    expect(weights.current).toBeCloseTo(xStart, 12)
    expect(weights.previous).toBe(0)
  }
  expect(sdeDpmSolverWeights(schedule, 0)).toEqual({ xT: 0, current: 1, previous: 0, noise: 0 })
  expect(dpmSolverWeights(schedule, 8).previous).toBeLessThan(0)
})

describeEachBackend('DPM-Solver++ without a limit', () => {
  it.each(['cosine', 'linear'] as const)(
    'is algorithm 2 of the paper on %s steps',
    async (noise_schedule) => {
      const config = { noise_schedule, diffusion_steps: 1000, timestep_respacing: '12' }
      const schedule = createSchedule(config)
      // Guesses that no solver can foresee: any function of x and t.
      const guessOf = (x: number, t: number) => Math.sin(3 * x + t) / (1 + t)
      const denoise: Denoiser = (x, t) => ({
        predXStart: tf.tidy(() => tf.div(tf.sin(tf.add(tf.mul(x, 3), t)), 1 + t)),
        mean: tf.zerosLike(x),
        logVariance: tf.zerosLike(x),
      })
      const from = [-1.5, -0.2, 0.4, 2]
      const start = tf.tensor5d(from, [1, 1, 2, 2, 1])
      const noise = () => expect.fail('it is deterministic')
      const end = await dpmSolverSampler(schedule, { isLimited: false }).sample({ denoise, start, noise })
      const expected = from.map((x) => algorithm2(x, schedule, guessOf))
      for (const [i, value] of [...end.dataSync()].entries()) expect(value).toBeCloseTo(expected[i] ?? NaN, 5)
      // Limited, it goes elsewhere.
      const limited = await dpmSolverSampler(schedule).sample({ denoise, start, noise })
      const apart = [...limited.dataSync()].map((value, i) => Math.abs(value - (expected[i] ?? NaN)))
      expect(Math.max(...apart)).toBeGreaterThan(1e-3)
      tf.dispose([start, end, limited])
    },
  )
})

/**
 * Lu et al. 2022 (arXiv 2211.01095), algorithm 2, in the paper's numbering: t_0 is the noisiest time, x_theta the
 * guess. From the last time in use on to sigma = 0, where D = x_theta is all that is left.
 */
function algorithm2(start: number, schedule: Schedule, xTheta: (x: number, t: number) => number): number {
  const times = [...schedule.alphasCumprod.keys()].reverse()
  const alpha = times.map((t) => Math.sqrt(schedule.alphasCumprod[t] ?? NaN))
  const sigma = alpha.map((value) => Math.sqrt(1 - value ** 2))
  const lambda = alpha.map((value, i) => Math.log(value) - Math.log(sigma[i] ?? NaN))
  const of = (values: readonly number[], i: number) => values[i] ?? NaN
  const h = (i: number) => of(lambda, i) - of(lambda, i - 1)
  const Q: number[] = []
  let x = start
  for (let i = 1; i < times.length; i++) {
    Q.push(xTheta(x, of(times, i - 1)))
    const r = h(i - 1) / h(i)
    const D = i === 1 ? of(Q, 0) : (1 + 1 / (2 * r)) * of(Q, i - 1) - (1 / (2 * r)) * of(Q, i - 2)
    x = (of(sigma, i) / of(sigma, i - 1)) * x - of(alpha, i) * Math.expm1(-h(i)) * D
  }
  return xTheta(x, 0)
}

it('guesses count by the lengths of their steps, longer ones as if they were as long as those before', () => {
  // A step of 1 after one of 2: r = 2, and D = (1 + 1/4) x_0(x_t) - 1/4 x_0(x_{t+1}). One of 2 after one of 1: r = 1.
  for (const [lambdas, share] of [
    [[2, 1, -1], 1 / 5],
    [[2, 0, -1], 1 / 3],
  ] as const)
    for (const weights of [dpmSolverWeights, sdeDpmSolverWeights]) {
      const { current, previous } = weights(scheduleOf(lambdas), 1)
      expect(previous / current).toBeCloseTo(-share, 12)
    }
  // Without the limit, a step of 2 after one of 1: r = 1/2, and D = 2 x_0(x_t) - x_0(x_{t+1}).
  for (const weights of [dpmSolverWeights, sdeDpmSolverWeights]) {
    const { current, previous } = weights(scheduleOf([2, 0, -1]), 1, { isLimited: false })
    expect(previous / current).toBeCloseTo(-1 / 2, 12)
  }
})

it.each(['cosine', 'linear'] as const)(
  'it is closer to the data than DDIM on any number of %s steps',
  (kind) => {
    for (const timestep_respacing of ['10', '15', '20', '50'])
      for (const deviation of [0.05, 0.1, 0.3, 0.5, 0.8]) {
        const schedule = createSchedule({ noise_schedule: kind, diffusion_steps: 1000, timestep_respacing })
        const { numTimesteps } = schedule
        const last = schedule.alphasCumprod[numTimesteps - 1] ?? NaN
        // One deviation off the mean: that is where it should stay.
        const start = Math.sqrt(last) * MEAN + Math.sqrt(varianceAt(last, deviation))
        const errorOf = (weights: (t: number) => Omit<SolverWeights, 'noise'>) => {
          let [x, before] = [start, 0]
          for (let t = numTimesteps - 1; t >= 0; t--) {
            const { offset, gain } = exactGuess(schedule.alphasCumprod[t] ?? NaN, deviation)
            const guess = offset + gain * x
            const { xT, current, previous } = weights(t)
            ;[x, before] = [xT * x + current * guess + previous * before, guess]
          }
          return Math.abs(x - MEAN - deviation)
        }
        const ddim = errorOf((t) => {
          const { xT, xStart } = ddimWeights(schedule, t, 0)
          return { xT, current: xStart, previous: 0 }
        })
        expect(errorOf((t) => dpmSolverWeights(schedule, t))).toBeLessThan(ddim)
      }
  },
)
