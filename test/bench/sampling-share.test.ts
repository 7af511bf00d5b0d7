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
  const tensors = tf.memory().numTensors
  const shares = await measureSamplingShare(
    {
      ...{ model, diffusion, scheme: adaptiveAutoreg, observed: 2, maxFrames: 4 },
      sampler: createSampler('ddim', diffusion.schedule, 0),
      videos: { shape: [1, 6, 32, 32, 3], data: new Uint8Array(6 * 32 * 32 * 3) },
    },
    2,
    () => performance.now(),
  )
  expect(shares.map(({ calls }) => calls)).toEqual([4, 4])
  for (const { sampling, network } of shares) expect(Math.min(sampling, network)).toBeGreaterThan(0)
  expect(tf.memory().numTensors).toBe(tensors)
  model.dispose()
})
