import { beforeAll, expect, it } from 'vitest'
import { initialParameters } from '../../src/model/initial-values.js'
import { parameterSpecs } from '../../src/model/parameters.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { tinyConfig } from '../helpers/tiny-model.js'

const config = tinyConfig()
const valuesOf = (seed: number) => {
  const parameters = initialParameters(config, seed)
  const values = new Map([...parameters].map(([name, tensor]) => [name, tensor.dataSync<'float32'>()]))
  tf.dispose([...parameters.values()])
  return values
}

beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})

/** The layers that the original zeroes: the last one of every residual branch, and of the network. */
const ZEROED = /(out_layers\.3|proj_out|rpe_net\.out|^out\.2)\.(weight|bias)$/
const NORM = /(in_layers\.0|out_layers\.0|norm|^out\.0)\.(weight|bias)$/

it('are those of the original: zeros, ones, or uniform within 1 / sqrt(fan in)', () => {
  const values = valuesOf(1)
  const shapes = new Map(parameterSpecs(config).map(({ name, shape }) => [name, shape]))
  expect([...values.keys()]).toEqual([...shapes.keys()])
  for (const [name, numbers] of values) {
    const [smallest, largest] = [Math.min(...numbers), Math.max(...numbers)]
    if (ZEROED.test(name)) expect([smallest, largest], name).toEqual([0, 0])
    else if (NORM.test(name)) {
      const constant = name.endsWith('weight') ? 1 : 0
      expect([smallest, largest], name).toEqual([constant, constant])
    } else {
      // A bias has the bound of its weight.
      const [, ...fanIn] = shapes.get(name.replace(/bias$/, 'weight')) ?? []
      const bound = 1 / Math.sqrt(fanIn.reduce((product, size) => product * size, 1))
      expect(Math.max(-smallest, largest), name).toBeLessThanOrEqual(Math.fround(bound))
      const n = numbers.length
      const squares = numbers.reduce((sum, value) => sum + (value / bound) ** 2, 0) / n
      // The mean of x^2 is 1/3, its deviation sqrt(4/45) for one value.
      expect(Math.abs(squares - 1 / 3), name).toBeLessThan((5 * Math.sqrt(4 / 45)) / Math.sqrt(n))
      expect(Math.abs(numbers.reduce((sum, value) => sum + value / bound, 0) / n), name).toBeLessThan(
        (5 * Math.sqrt(1 / 3)) / Math.sqrt(n),
      )
    }
  }
})

it('follow from the seed, and differ from parameter to parameter', () => {
  const [first, again, other] = [1, 1, 2].map((seed) => {
    const values = valuesOf(seed)
    return [0, 2].map((i) => values.get(`middle_block.${i}.in_layers.2.weight`)?.slice(0, 100))
  })
  expect(again).toEqual(first)
  expect(other?.[0]).not.toEqual(first?.[0])
  expect(first?.[1]).not.toEqual(first?.[0])
})
