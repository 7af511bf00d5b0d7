import { beforeAll, expect, test } from 'vitest'
import { createSampler } from '../../../src/diffusion/samplers/create-sampler.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { tf } from '../../../src/runtime/tf.js'
import { measureCall } from '../../../src/sampling/stages/measure-call.js'
import { fakeDiffusion, fakeModel } from '../fake-model.js'

beforeAll(() => startRuntime({ backend: 'wasm' }))

const stage = { observed: [0, 1], latent: [2] }
const setup = {
  diffusion: fakeDiffusion,
  sampler: createSampler('dpm++', fakeDiffusion.schedule),
  clipDenoised: true,
}

test('two calls are timed, and leave nothing behind', async () => {
  const shapes: (readonly number[])[] = []
  const model = fakeModel((_, x) => {
    shapes.push(x.shape)
    return tf.tanh(x)
  })
  const before = tf.memory().numTensors
  let [looks, seconds] = [0, 0]
  // Each look at the clock takes a second longer than the one before.
  const call = await measureCall({ ...setup, model }, stage, 2, () => (seconds += ++looks))
  expect(call).toEqual({ firstSeconds: 2, seconds: 4, parameterBytes: 0 })
  expect(shapes).toEqual([
    [2, 3, 4, 4, 3],
    [2, 3, 4, 4, 3],
  ])
  expect(tf.memory().numTensors).toBe(before)
})

test.each([
  ['the network fails', stage],
  ['a stage has no frames', { observed: [], latent: [] }],
])('where %s, nothing is left behind', async (_, stage) => {
  const model = fakeModel(() => {
    throw new Error('failed')
  })
  const before = tf.memory().numTensors
  await expect(measureCall({ ...setup, model }, stage, 1, () => 0)).rejects.toThrow()
  expect(tf.memory().numTensors).toBe(before)
})
