import { expect, it } from 'vitest'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { unet } from '../../src/model/unet.js'
import { createModel } from '../../src/model/video-model.js'
import { batchSource } from '../../src/training/batches/batch-source.js'
import { initialState } from '../../src/training/step/state.js'
import { timestepSampler } from '../../src/training/step/timestep-sampler.js'
import { createTrainer } from '../../src/training/step/trainer.js'
import { describeEachBackend } from '../helpers/backends.js'
import { memoryGrowth } from '../helpers/memory-growth.js'
import { fakeDataset, smallConfig } from './fixtures.js'

const config = smallConfig({ max_frames: 2 })

describeEachBackend('training', (backend) => {
  it('holds no more memory after more steps', async () => {
    const diffusion = createDiffusion(config)
    const model = createModel(config)
    const trainer = createTrainer({
      config,
      network: (params, conditioning) => (x, timesteps) =>
        unet(params, config, { ...conditioning, x, timesteps }),
      diffusion,
      emaRates: [0.9],
      timestepSampler: timestepSampler('uniform', diffusion.numTimesteps),
      state: initialState(model.parameters, 1),
      step: 0,
      optimizerStep: 0,
    })
    model.dispose()
    const batches = batchSource(fakeDataset({ T: 8, imageSize: 32 }), config)
    const growth = await memoryGrowth(
      backend === 'wasm' ? { warmUp: 1, turns: 2 } : { warmUp: 2, turns: 8 },
      async () => trainer.update(await batches(trainer.step)),
    )
    trainer.dispose()
    // Parameters kept from each step would be 8 MB a step.
    expect(growth).toBeLessThan(8)
  })
})
