import { beforeAll, expect, it, vi } from 'vitest'
import { startRuntime } from '../../src/runtime/start.js'
import { tf, type Tensor4D } from '../../src/runtime/tf.js'
import { madeConditioning, madeVideo, tinyConfig, tinyModel } from '../helpers/tiny-model.js'

const layers = vi.hoisted((): number[] => [])
vi.mock('../../src/nn/dropout.js', () => ({
  dropout: (x: Tensor4D, _rate: number, _seed: unknown, layer: number) => {
    layers.push(layer)
    return x
  },
}))

beforeAll(async () => {
  await startRuntime({ backend: 'wasm' })
})

it('each residual block has a dropout mask of its own', () => {
  const model = tinyModel(tinyConfig({ dropout: 0.1 }))
  const blocks = [...model.parameters.keys()].filter((name) => name.endsWith('out_layers.3.weight'))
  tf.tidy(() => {
    const inputs = { ...madeConditioning(), x: madeVideo('x', 2, 4), timesteps: tf.tensor1d([100, 900]) }
    model.apply(inputs)
    expect(layers).toEqual([])
    model.apply(inputs, { dropoutSeed: tf.tensor1d([1, 2], 'int32') })
  })
  expect(layers).toEqual(blocks.map((_, i) => i))
  model.dispose()
})
