import { expect, it } from 'vitest'
import { fillModelConfig } from '../../src/config/model.js'
import { UserError } from '../../src/errors.js'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { respacedTimesteps } from '../../src/diffusion/respacing.js'

it('a linear schedule of too few steps is an error that says so', () => {
  expect(() => createDiffusion(fillModelConfig({ diffusion_steps: 19 }))).toThrow(
    '--noise_schedule linear needs --diffusion_steps of at least 20, not 19: that gives a variance of 1.05, outside (0, 1]',
  )
  expect(() => createDiffusion(fillModelConfig({ diffusion_steps: 2 }))).toThrow(/at least 20, not 2:/)
  expect(() => createDiffusion(fillModelConfig({ diffusion_steps: 20 }))).not.toThrow()
})

it.each([
  ['ddim60', /no integer stride keeps exactly 60 of 100/],
  ['200', /fewer than 200/],
  ['10,,10', /takes/],
  ['0', /takes/],
  ['ddim', /takes/],
  ['50,60', /section 2/],
])('respacing 100 steps by "%s" is an error', (respacing, message) => {
  expect(() => respacedTimesteps(100, respacing)).toThrow(UserError)
  expect(() => respacedTimesteps(100, respacing)).toThrow(message)
})

it('a stride keeps exactly as many as asked for', () => {
  expect(respacedTimesteps(100, 'ddim25')).toEqual(Array.from({ length: 25 }, (_, i) => 4 * i))
  expect(respacedTimesteps(100, 'ddim3')).toEqual([0, 34, 68])
})

// As the original's `space_timesteps` has it.
it('of sections that are not equal the first ones are longer', () => {
  expect(respacedTimesteps(100, '7,5,3')).toEqual([0, 6, 11, 16, 22, 28, 33, 34, 42, 50, 58, 66, 67, 83, 99])
  expect(respacedTimesteps(20, '0,3,0,2')).toEqual([5, 7, 9, 15, 19])
})

it('a chain of one step works', () => {
  const { schedule } = createDiffusion(fillModelConfig({ timestep_respacing: '1' }))
  expect(schedule.numTimesteps).toBe(1)
  // There is no second posterior variance to take instead of the first, which is 0.
  expect([...schedule.posteriorLogVarianceClipped]).toEqual([Math.log(schedule.betas[0] ?? NaN)])
})

it('a step outside the schedule is an error', () => {
  const diffusion = createDiffusion(fillModelConfig({ timestep_respacing: '10' }))
  expect(() => diffusion.at([10])).toThrow(RangeError)
  expect(() => diffusion.at([-1])).toThrow(RangeError)
})
