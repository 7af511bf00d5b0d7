import { beforeAll, describe, expect, it } from 'vitest'
import { createDiffusion } from '../../../src/diffusion/gaussian-diffusion.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { tf } from '../../../src/runtime/tf.js'
import { attentionMaps } from '../../../src/training/previews/attention-maps.js'
import { samplePreview } from '../../../src/training/previews/sample-preview.js'
import { availableBackends, describeEachBackend } from '../../helpers/backends.js'
import { madeConditioning, madeVideo, tinyConfig, tinyModel } from '../../helpers/tiny-model.js'
import { fakeDataset, smallConfig } from '../fixtures.js'

describeEachBackend('attention maps', () => {
  it('are of every layer; padding and the frames of a video do not attend to each other', () => {
    const config = tinyConfig({ use_checkpoint: true })
    const model = tinyModel(config)
    const inputs = { ...madeConditioning(), x: madeVideo('x', 2, 4), timesteps: tf.tensor1d([10, 500]) }
    const before = tf.memory().numTensors
    const maps = attentionMaps(model.parameters, config, inputs)
    expect(tf.memory().numTensors).toBe(before)
    expect(maps.map(({ layer }) => layer)).toEqual([
      ...new Set(
        [...model.parameters.keys()].flatMap((name) => /^(.*)\.temporal_attention/.exec(name)?.[1] ?? []),
      ),
    ])
    for (const { videos } of maps) {
      expect(videos.map(({ length }) => length)).toEqual([16, 16])
      videos.forEach((weights, b) => {
        for (let t = 0; t < 4; t++) {
          const row = weights.subarray(4 * t, 4 * t + 4)
          expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 5)
          // Frame 3 of video 1 is padding.
          row.forEach((weight, s) => {
            if (b === 1 && (t === 3) !== (s === 3)) expect(weight).toBe(0)
            else expect(weight).toBeGreaterThan(0)
          })
        }
      })
    }
    model.dispose()
  })
})

describe('a preview', () => {
  beforeAll(() => startRuntime({ backend: availableBackends()[0] ?? 'wasm' }))

  it('keeps no tensors where it cannot be sampled', async () => {
    const config = smallConfig({ noise_schedule: 'linear', diffusion_steps: 20, predict_xstart: false })
    const model = tinyModel(config)
    const before = tf.memory().numTensors
    const dataset = fakeDataset({ videos: 3, T: 8, imageSize: 32 })
    const preview = samplePreview({
      ...{ parameters: model.parameters, config, dataset },
      diffusion: createDiffusion(config),
    })
    await expect(preview).rejects.toThrow(/leaves nothing of a frame/)
    expect(tf.memory().numTensors).toBe(before)
    model.dispose()
  })

  it('has them once for each quarter of the process, and keeps no tensors', async () => {
    const config = smallConfig({ noise_schedule: 'cosine', diffusion_steps: 4, batch_size: 2 })
    const model = tinyModel(config)
    const before = tf.memory().numTensors
    const preview = await samplePreview({
      parameters: model.parameters,
      config,
      diffusion: createDiffusion(config),
      dataset: fakeDataset({ videos: 3, T: 8, imageSize: 32 }),
    })
    expect(tf.memory().numTensors).toBe(before)
    expect(preview?.attention.map(({ quartile }) => quartile)).toEqual([3, 2, 1, 0])
    const [noisy, , , clean] = preview?.attention ?? []
    expect(noisy?.layers.map(({ videos }) => videos.length)).toEqual([2, 2, 2, 2, 2, 2, 2])
    expect(clean?.layers[0]?.videos[0]).not.toEqual(noisy?.layers[0]?.videos[0])
    model.dispose()
  })
})
