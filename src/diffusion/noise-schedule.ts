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
  const betas = name === 'linear' ? linearBetas(steps) : cosineBetas(steps)
  const worst = betas.find((beta) => !(beta > 0 && beta <= 1))
  if (worst !== undefined)
    throw new UserError(
      `--noise_schedule ${name} needs more than --diffusion_steps ${steps}: it gives a variance of ${worst.toPrecision(3)}, outside (0, 1]`,
    )
  return betas
}

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
