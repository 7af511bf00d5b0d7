import { expect, test } from 'vitest'
import { chosenSampler, samplerLabel, type SamplerName } from '../../src/config/sampler.js'
import { UserError } from '../../src/errors.js'

const choose = (sampler?: SamplerName, use_ddim = false, eta = 0, limit_extrapolation = true) =>
  chosenSampler({ sampler, use_ddim, eta, limit_extrapolation })

test('ancestral sampling, unless DDIM or another sampler is asked for', () => {
  expect(choose()).toBe('ancestral')
  expect(choose(undefined, true)).toBe('ddim')
  expect(choose('ddim', true, 0.5)).toBe('ddim')
  expect(choose('ddim', false, 0.5)).toBe('ddim')
  expect(choose('dpm++')).toBe('dpm++')
  expect(choose('sde-dpm++')).toBe('sde-dpm++')
})

test('contradictions are errors of one line', () => {
  for (const sampler of ['ancestral', 'dpm++', 'sde-dpm++'] as const) {
    const both = `--use_ddim True and --sampler ${sampler} contradict each other: leave one out`
    expect(() => choose(sampler, true)).toThrow(new UserError(both))
    const noisy = `--eta belongs to DDIM, not to the sampler ${sampler}: give --sampler ddim or --use_ddim True`
    expect(() => choose(sampler, false, 0.5)).toThrow(new UserError(noisy))
  }
  for (const sampler of ['ancestral', 'ddim'] as const) {
    const unlimited =
      `--limit_extrapolation belongs to DPM-Solver++, not to the sampler ${sampler}: ` +
      'give --sampler dpm++ or sde-dpm++'
    expect(() => choose(sampler, false, 0, false)).toThrow(new UserError(unlimited))
  }
})

test('results of DPM-Solver++ are named after its limit where that is left off', () => {
  const label = (sampler: SamplerName | undefined, limit_extrapolation: boolean) =>
    samplerLabel({ sampler, use_ddim: false, eta: 0, limit_extrapolation })
  for (const sampler of ['ancestral', 'ddim', 'dpm++', 'sde-dpm++'] as const)
    expect(label(sampler, true)).toBe(sampler)
  expect(label(undefined, true)).toBe('ancestral')
  expect(label('dpm++', false)).toBe('dpm++_unlimited')
  expect(label('sde-dpm++', false)).toBe('sde-dpm++_unlimited')
  expect(() => label('ddim', false)).toThrow(UserError)
})
