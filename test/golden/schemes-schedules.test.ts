import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { fillModelConfig } from '../../src/config/model.js'
import { createSchedule, type Schedule } from '../../src/diffusion/schedule.js'
import { GOLDEN } from '../helpers/golden.js'

interface ScheduleCase extends Readonly<Record<string, unknown>> {
  readonly noise_schedule: string
  readonly steps: number
  readonly timestep_respacing: string
  readonly timestep_map: readonly number[]
  readonly at: readonly number[]
}

const ARRAYS = {
  betas: 'betas',
  alphas_cumprod: 'alphasCumprod',
  alphas_cumprod_prev: 'alphasCumprodPrev',
  sqrt_recip_alphas_cumprod: 'sqrtRecipAlphasCumprod',
  sqrt_recipm1_alphas_cumprod: 'sqrtRecipm1AlphasCumprod',
  posterior_variance: 'posteriorVariance',
  posterior_log_variance_clipped: 'posteriorLogVarianceClipped',
  posterior_mean_coef1: 'posteriorMeanCoef1',
  posterior_mean_coef2: 'posteriorMeanCoef2',
} as const satisfies Readonly<Record<string, keyof Schedule>>

const file = path.join(GOLDEN, 'schemes/schedules.json')
const cases = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ScheduleCase[]) : []

it('finds golden schedules', () => {
  expect(cases, `none in ${file}`).not.toHaveLength(0)
})

describe.each(cases)('$noise_schedule, $steps steps, respaced "$timestep_respacing"', (golden) => {
  const schedule = createSchedule(
    fillModelConfig({
      noise_schedule: golden.noise_schedule,
      diffusion_steps: golden.steps,
      timestep_respacing: golden.timestep_respacing,
    }),
  )

  it('keeps the same steps', () => {
    expect(schedule.timestepMap).toEqual(golden.timestep_map)
    expect(schedule.numTimesteps).toBe(golden.timestep_map.length)
  })

  it.each([
    ...Object.entries(ARRAYS).map(([name, key]) => [name, schedule[key]] as const),
    ['alphas_cumprod_next', Float64Array.of(...schedule.alphasCumprod.slice(1), 0)] as const,
  ])('%s', (name, actual) => {
    const expected = golden[name] as readonly number[]
    const sum = golden[`${name}_sum`] as number
    // Both sides are float64; 1 - alpha-bar near 1 loses a few digits on either.
    for (const [i, t] of golden.at.entries())
      expect(relativeDifference(actual[t], expected[i])).toBeLessThan(1e-9)
    expect(
      relativeDifference(
        actual.reduce((total, value) => total + value, 0),
        sum,
      ),
    ).toBeLessThan(1e-9)
  })
})

function relativeDifference(actual = NaN, expected = NaN): number {
  return Math.abs(actual - expected) / Math.max(Math.abs(expected), 1e-12)
}
