import { expect, test } from 'vitest'
import { chosenSampler, type SamplerName } from '../../src/config/sampler.js'
import { UserError } from '../../src/errors.js'

const choose = (sampler?: SamplerName, use_ddim = false, eta = 0) => chosenSampler({ sampler, use_ddim, eta })

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
})
