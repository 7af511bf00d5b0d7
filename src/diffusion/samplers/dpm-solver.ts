import { tf, type Tensor, type Tensor5D } from '../../runtime/tf.js'
import type { Sampler, SamplerState } from '../types.js'
import { requireSchedule, type SamplerSchedule } from './sampler-schedule.js'
import { samplerOf } from './sampler.js'

/** How far the solver extrapolates. */
export interface SolverOptions {
  /**
   * Whether a step that is longer than the one before it (in lambda) extrapolates no further than one as long
   * would. Default: true. False: as published. Steps of a schedule grow in lambda towards the data, the last one
   * that leaves noise to 2 to 5 times the one before, where guesses of x_0 change less and less: extrapolated that
   * far, most go beyond the data; those of narrow distributions do not. docs/samplers.md has the errors of both.
   */
  readonly isLimited?: boolean
}

/**
 * DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095, algorithm 2), its extrapolation limited unless told
 * otherwise: solves the differential equation of the diffusion process with the guesses of x_0 at this step and
 * the one before. Deterministic, of second order in the step; for 10 to 50 steps. Its first step is of first
 * order, which is that of DDIM, and so is the last, which goes to where there is no noise and log alpha / sigma
 * is infinite.
 * @param schedule of the diffusion process that is walked back: `diffusion.schedule`
 * @throws UserError for something else.
 */
export function dpmSolverSampler(schedule: SamplerSchedule, options: SolverOptions = {}): Sampler {
  return solver('dpm++', 'dpmSolverSampler', schedule, (t) => {
    const { xT, current, previous } = dpmSolverWeights(schedule, t, options)
    return [xT, current, previous, 0]
  })
}

/**
 * SDE-DPM-Solver++(2M) (Lu et al. 2022, on solvers of the stochastic equation): the same with as much fresh
 * noise as ancestral sampling has.
 * @param schedule of the diffusion process that is walked back: `diffusion.schedule`
 * @throws UserError for something else.
 */
export function sdeDpmSolverSampler(schedule: SamplerSchedule, options: SolverOptions = {}): Sampler {
  return solver('sde-dpm++', 'sdeDpmSolverSampler', schedule, (t) => {
    const { xT, current, previous, noise } = sdeDpmSolverWeights(schedule, t, options)
    return [xT, current, previous, noise]
  })
}

/** What x_{t-1} is made of. */
export interface SolverWeights {
  readonly xT: number
  /** Of the guess of x_0 at x_t. */
  readonly current: number
  /** Of the guess of x_0 at x_{t+1}. */
  readonly previous: number
  readonly noise: number
}

/** One step of algorithm 2, in float64. */
export function dpmSolverWeights(
  schedule: SamplerSchedule,
  t: number,
  options: SolverOptions = {},
): SolverWeights {
  const { alpha, sigmaRatio, decay, slope } = stepOf(schedule, t, options)
  // x_{t-1} = sigma_{t-1} / sigma_t x_t - alpha_{t-1} (e^-h - 1) D
  return { xT: sigmaRatio, ...guesses(alpha * (1 - decay), slope), noise: 0 }
}

/** One step of SDE-DPM-Solver++(2M), in float64. */
export function sdeDpmSolverWeights(
  schedule: SamplerSchedule,
  t: number,
  options: SolverOptions = {},
): SolverWeights {
  const { alpha, sigma, sigmaRatio, decay, slope } = stepOf(schedule, t, options)
  // x_{t-1} = sigma_{t-1} / sigma_t e^-h x_t + alpha_{t-1} (1 - e^-2h) D + sigma_{t-1} sqrt(1 - e^-2h) z
  const renewed = 1 - decay ** 2
  return {
    xT: sigmaRatio * decay,
    ...guesses(alpha * renewed, slope),
    noise: sigma * Math.sqrt(renewed),
  }
}

function solver(
  name: string,
  caller: string,
  schedule: SamplerSchedule,
  weights: (t: number) => readonly [xT: number, current: number, previous: number, noise: number],
): Sampler {
  requireSchedule(caller, schedule)
  const { numTimesteps } = schedule
  const isNoisy = Array.from({ length: numTimesteps }, (_, t) => weights(t)).some((step) => step[3] !== 0)
  return samplerOf({
    name,
    numTimesteps,
    numCarried: 1,
    weights,
    update: ([x, before], { predXStart }, numbers, noise) => {
      if (!before) throw new Error('the guess of x_0 at the step before is missing')
      const [xT, current, previous, scale] = tf.unstack(numbers) as [Tensor, Tensor, Tensor, Tensor]
      return tf.tidy((): [Tensor5D, Tensor5D] => {
        const guess = tf.add(tf.mul(predXStart, current), tf.mul(before, previous))
        const next: Tensor5D = tf.add(tf.mul(x, xT), guess)
        return [isNoisy ? tf.add(next, tf.mul(noise(), scale)) : next, tf.clone(predXStart)]
      }) satisfies SamplerState
    },
  })
}

/** The weights of both guesses in D = (1 + 1/2r) x_0(x_t) - 1/2r x_0(x_{t+1}), times a factor. */
function guesses(factor: number, slope: number): Pick<SolverWeights, 'current' | 'previous'> {
  return { current: factor * (1 + slope), previous: slope === 0 ? 0 : -factor * slope }
}

/** alpha and sigma at t - 1, what the step makes of sigma, e^-h, and 1/2r: 0 in a step of first order. */
function stepOf(schedule: SamplerSchedule, t: number, { isLimited = true }: SolverOptions) {
  const from = schedule.alphasCumprod[t] ?? NaN
  const to = schedule.alphasCumprodPrev[t] ?? NaN
  const alpha = Math.sqrt(to)
  const sigma = Math.sqrt(1 - to)
  const sigmaRatio = sigma / Math.sqrt(1 - from)
  const isFirstOrder = t === schedule.numTimesteps - 1 || t === 0
  // r = h of the step before / h of this one, h the growth of lambda = log alpha / sigma.
  const before = schedule.alphasCumprod[t + 1] ?? NaN
  const ratio = (lambda(to) - lambda(from)) / (lambda(from) - lambda(before))
  const slope = isFirstOrder ? 0 : (isLimited ? Math.min(ratio, 1) : ratio) / 2
  return { alpha, sigma, sigmaRatio, decay: (sigmaRatio * Math.sqrt(from)) / alpha, slope }
}

const lambda = (alphaBar: number) => Math.log(alphaBar / (1 - alphaBar)) / 2
