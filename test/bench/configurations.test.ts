import { expect, it } from 'vitest'
import { parseConfigurations } from '../../src/bench/configurations.js'
import { chooseSides, OWN_SIDES } from '../../src/bench/sides.js'
import { benchOptions } from '../../src/config/bench.js'

it('reads configurations, among them the default ones', () => {
  const [first, second] = parseConfigurations('128px-64c-2b-B3-T20, 32px-32c-1b-B1-T2')
  expect(first).toMatchObject({ name: '128px-64c-2b-B3-T20', batch: 3, frames: 20 })
  expect(first?.model).toMatchObject({ image_size: 128, num_channels: 64, num_res_blocks: 2 })
  expect(second?.name).toBe('32px-32c-1b-B1-T2')
  expect(parseConfigurations(benchOptions.configurations.default)).toHaveLength(4)
})

it.each(['', '64px', '64px-32c-1b-B0-T5', '48px-32c-1b-B1-T5', '64px-30c-1b-B1-T5', '64px-32c-1b-B1-T5 x'])(
  'refuses %j',
  (word) => {
    expect(() => parseConfigurations(word)).toThrow(/^--(configurations|image_size|num_channels) /)
  },
)

it('finds sides by name, in the order asked for', () => {
  expect(chooseSides('sides', 'compiled, eager', OWN_SIDES).map(({ name }) => name)).toEqual([
    'compiled',
    'eager',
  ])
  expect(() => chooseSides('sides', 'compiled,fast', OWN_SIDES)).toThrow(
    '--sides takes names out of eager, compiled',
  )
})

it('names every side in the help', () => {
  for (const { name } of OWN_SIDES) expect(benchOptions.sides.help).toContain(name)
})
