import { expect, test } from 'vitest'
import { measureSamplingShare } from '../../src/bench/sampling-share.js'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { createSampler } from '../../src/diffusion/samplers/create-sampler.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { adaptiveAutoreg } from '../../src/schemes/adaptive-autoreg.js'
import { tinyConfig, tinyModel } from '../helpers/tiny-model.js'

test('the network is timed alone, as often as sampling calls it', async () => {
  await startRuntime()
  const config = tinyConfig({ timestep_respacing: 'ddim2' })
  const diffusion = createDiffusion(config)
  const model = tinyModel(config)
  // It moves on when it is looked at.
  let time = 0
  const tensors = tf.memory().numTensors
  const shares = await measureSamplingShare(
    {
      ...{ model, diffusion, scheme: adaptiveAutoreg, observed: 2, maxFrames: 4 },
      sampler: createSampler('ddim', diffusion.schedule),
      videos: { shape: [1, 6, 32, 32, 3], data: new Uint8Array(6 * 32 * 32 * 3) },
    },
    2,
    () => time++,
  )
  // From first to last the clock moves on by 9 looks; each of 4 calls takes 1, the rest is sampling.
  const expected = { calls: 4, sampling: 5, network: 4 }
  expect(shares).toEqual([expected, expected])
  expect(tf.memory().numTensors).toBe(tensors)
  model.dispose()
})
