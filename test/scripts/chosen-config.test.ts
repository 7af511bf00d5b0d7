import { expect, it } from 'vitest'
import { chosenConfig } from '../../scripts/chosen-config.js'
import { silentTerminal } from '../../scripts/terminal.js'

const bar = { update: () => undefined, clear: () => undefined, stop: () => undefined }
const terminal = silentTerminal({
  signal: new AbortController().signal,
  log: () => undefined,
  progress: () => bar,
})
const choose = (given: Readonly<Record<string, unknown>>) =>
  chosenConfig({ dataset: 'toy_town', ...given }, terminal)

it.each([
  ['0', /^--timestep_respacing takes "250"/],
  ['10,-5', /^--timestep_respacing takes "250"/],
  ['ddim0', /no integer stride keeps exactly 0 of 20 steps/],
  ['100', /section 1 has 20 steps, fewer than 100/],
])(
  'a configuration that cannot be respaced by %s is refused before anything is read',
  (respacing, message) => {
    const steps = { diffusion_steps: 20, predict_xstart: true }
    expect(() => choose({ ...steps, timestep_respacing: respacing })).toThrow(message)
    expect(choose({ ...steps, timestep_respacing: 'ddim10' }).timestep_respacing).toBe('ddim10')
  },
)

it('so is one without a noise schedule, or whose last step is nothing but noise', () => {
  expect(() => choose({ diffusion_steps: 4 })).toThrow(/--diffusion_steps of at least 20, not 4/)
  expect(() => choose({ diffusion_steps: 20 })).toThrow(/leaves nothing of a frame at the last step/)
  expect(choose({ diffusion_steps: 20, predict_xstart: true }).diffusion_steps).toBe(20)
})
