import { UserError } from '../errors.js'
import type { DiffusionConfig } from '../config/model.js'

/**
 * Variances of the forward process, beta_1 .. beta_steps in float64.
 *
 * `linear`: Ho et al. 2020, section 4, its ends scaled by 1000 / steps.
 * `cosine`: Nichol & Dhariwal 2021, eq. 17.
 * @throws UserError if a beta leaves (0, 1], as `linear` does below 20 steps.
 */
export function noiseSchedule(name: DiffusionConfig['noise_schedule'], steps: number): Float64Array {
  const betas = betasOf(name, steps)
  const worst = worstOf(betas)
  if (worst === undefined) return betas
  let enough = steps + 1
  while (worstOf(betasOf(name, enough)) !== undefined) enough++
  throw new UserError(
    `--noise_schedule ${name} needs --diffusion_steps of at least ${enough}, not ${steps}: ` +
      `that gives a variance of ${worst.toPrecision(3)}, outside (0, 1]`,
  )
}

const betasOf = (name: DiffusionConfig['noise_schedule'], steps: number) =>
  name === 'linear' ? linearBetas(steps) : cosineBetas(steps)

/** The first beta that is none. */
const worstOf = (betas: Float64Array) => betas.find((beta) => !(beta > 0 && beta <= 1))

function linearBetas(steps: number): Float64Array {
  const scale = 1000 / steps
  const [first, last] = [scale * 0.0001, scale * 0.02]
  const increment = (last - first) / Math.max(steps - 1, 1)
  const betas = Float64Array.from({ length: steps }, (_, i) => first + i * increment)
  if (steps > 1) betas[steps - 1] = last
  return betas
}

function cosineBetas(steps: number): Float64Array {
  const alphaBar = (t: number) => Math.cos((((t + 0.008) / 1.008) * Math.PI) / 2) ** 2
  return Float64Array.from({ length: steps }, (_, i) =>
    Math.min(1 - alphaBar((i + 1) / steps) / alphaBar(i / steps), 0.999),
  )
}
