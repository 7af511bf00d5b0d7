import { beforeAll, describe, expect, it } from 'vitest'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { createModel } from '../../src/model/video-model.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf } from '../../src/runtime/tf.js'
import { batchSource } from '../../src/training/batches/batch-source.js'
import { initialState } from '../../src/training/step/state.js'
import { timestepSampler } from '../../src/training/step/timestep-sampler.js'
import { trainedNetwork } from '../../src/training/step/trained-network.js'
import { createTrainer, type Trainer } from '../../src/training/step/trainer.js'
import { countHandles } from '../helpers/count-handles.js'
import { ownBinding } from '../helpers/own-binding.js'
import { fakeDataset, smallConfig, tinyNetwork, tinyParameters } from './fixtures.js'

/** Memory that comes and goes, in MB. */
const MEMORY_NOISE = 40
/** Steps of the UNet take 50 ms and more: all of them with `FDM_SLOW_TESTS`. */
const UNET_STEPS = process.env.FDM_SLOW_TESTS ? 2000 : 120

const options = {
  max_frames: 2,
  dropout: 0.1,
  schedule_sampler: 'loss-second-moment',
  batch_size: 1,
} as const
const config = smallConfig(options)
const common = { emaRates: [0.9, 0.99], step: 0, optimizerStep: 0 }

/** All of a training step, around two parameters and frames of 4 by 4 pixels. */
function tinyTrainer(): Trainer {
  const diffusion = createDiffusion(config)
  const params = tinyParameters()
  const state = initialState(params, 2)
  tf.dispose([...params.values()])
  const sampler = timestepSampler('loss-second-moment', diffusion.numTimesteps)
  return createTrainer({
    ...common,
    config,
    network: tinyNetwork,
    diffusion,
    timestepSampler: sampler,
    state,
  })
}

function unetTrainer(): Trainer {
  const diffusion = createDiffusion(config)
  const model = createModel(config)
  const state = initialState(model.parameters, 2)
  model.dispose()
  const sampler = timestepSampler('loss-second-moment', diffusion.numTimesteps)
  return createTrainer({
    ...common,
    config,
    network: trainedNetwork(config),
    diffusion,
    timestepSampler: sampler,
    state,
  })
}

describe.runIf(ownBinding)('compiled training steps', () => {
  beforeAll(() => startRuntime({ backend: 'tensorflow' }))

  // What each step kept would show in the counts; a copy of the UNet's state is 8 MB.
  it.each([
    ['of a tiny network', tinyTrainer, 4, 2000],
    ['of the smallest UNet', unetTrainer, 32, UNET_STEPS],
  ] as const)(
    '%s keep no tensors, no handles and no memory',
    async (_, create, imageSize, steps) => {
      const trainer = create()
      const batches = batchSource(fakeDataset({ imageSize, T: 8 }), config)
      const handles = countHandles()
      const run = async (count: number) => {
        for (let i = 0; i < count; i++) await trainer.update(await batches(trainer.step))
        const { numTensors, numDataBuffers } = tf.memory()
        return {
          counts: [numTensors, numDataBuffers, handles.count()],
          memory: process.memoryUsage.rss() / 1e6,
        }
      }
      const before = await run(Math.ceil(steps / 4))
      const after = await run(Math.floor((3 * steps) / 4))
      handles.stop()
      trainer.dispose()
      expect(after.counts).toEqual(before.counts)
      expect(after.memory - before.memory).toBeLessThan(MEMORY_NOISE)
    },
    600_000,
  )
})
