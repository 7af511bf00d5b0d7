import { expect, test } from 'vitest'
import type { DiffusionConfig } from '../../src/config/model.js'
import { respacingWarning } from '../../src/diffusion/respacing-warning.js'
import { UserError } from '../../src/errors.js'

const warning = (
  noise_schedule: DiffusionConfig['noise_schedule'],
  diffusion_steps: number,
  timestep_respacing: string,
) => respacingWarning({ noise_schedule, diffusion_steps, timestep_respacing })

test('steps that leave the noisy ones out are worth a word', () => {
  expect(warning('cosine', 1000, '1')).toBe(
    '--timestep_respacing 1 leaves out all steps after 0 of 0 to 999: the network is told that the noise it starts ' +
      'from is a frame at 100 % of its strength, where steps up to the last, as of --timestep_respacing 20, start at 0 %',
  )
  for (const [name, steps] of [
    ['cosine', 100],
    ['linear', 1000],
  ] as const)
    for (const respacing of ['1', '10,0', '1,0,0'])
      expect(warning(name, steps, respacing)).toContain(
        `--timestep_respacing ${respacing} leaves out all steps after`,
      )
  expect(warning('linear', 1000, '10,0')).toContain('after 499 of 0 to 999')
  expect(warning('cosine', 100, 'ddim2')).toContain('after 50 of 0 to 99')
})

test.each(['', '2', '20', '10,20', '0,10', 'ddim20', 'ddim50'])('others are not: "%s"', (respacing) => {
  expect(warning('cosine', 100, respacing)).toBeUndefined()
  expect(warning('linear', 1000, respacing)).toBeUndefined()
})

test('nor are those of a schedule that has no noisier ones', () => {
  // A single step of either schedule.
  for (const name of ['cosine', 'linear'] as const) expect(warning(name, 1, '1')).toBeUndefined()
})

test('steps that cannot be had are an error', () => {
  expect(() => warning('cosine', 100, 'ddim99')).toThrow(UserError)
})
