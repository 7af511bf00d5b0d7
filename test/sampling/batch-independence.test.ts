import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { ancestralSampler } from '../../src/diffusion/samplers/ancestral.js'
import type { VideoModel } from '../../src/model/video-model.js'
import { denoisingStep, type DenoisingStep } from '../../src/sampling/stages/denoising-step.js'
import { nextBatch } from '../../src/sampling/stages/next-batch.js'
import { sampleStage } from '../../src/sampling/stages/sample-stage.js'
import { beginVideo } from '../../src/sampling/stages/video-in-progress.js'
import { autoreg } from '../../src/schemes/autoreg.js'
import { describeEachBackend } from '../helpers/backends.js'
import { tinyConfig, tinyModel } from '../helpers/tiny-model.js'

const SIZE = 32
// From predicted noise, x_0 at the first step is many times as uncertain as the network's rounding.
const config = tinyConfig({ timestep_respacing: '1', predict_xstart: true })
const diffusion = createDiffusion(config)
const { numTimesteps } = diffusion

describeEachBackend('a video and its batch', () => {
  let model: VideoModel
  let denoise: DenoisingStep
  beforeAll(() => {
    model = tinyModel(config)
    denoise = denoisingStep({
      model,
      diffusion,
      sampler: ancestralSampler(diffusion.schedule),
      clipDenoised: true,
    })
  })
  afterAll(() => {
    denoise.dispose()
    model.dispose()
  })

  /** Frame 2 of some videos of a data set, sampled from frames 0 and 1, in the network's scale. */
  async function sample(numbers: readonly number[], rows = numbers.length): Promise<Float32Array[]> {
    const begun = numbers.map((video) => {
      const data = Uint8Array.from({ length: 3 * SIZE * SIZE * 3 }, (_, i) => (i * 7919 + video * 31) % 251)
      return beginVideo({
        given: { shape: [3, SIZE, SIZE, 3], data },
        scheme: autoreg,
        settings: { videoLength: 3, observed: 2, maxFrames: 3, stepSize: 1 },
        key: { seed: 0, video, sampleIdx: 0 },
      })
    })
    await sampleStage(nextBatch(begun), { denoise, numTimesteps, rows, onStep: () => undefined })
    return begun.map(({ frames }) => frames.get(2))
  }

  test('the same in every batch of equal size, to the bit; in others but for rounding', async () => {
    const four = await sample([5, 0, 3, 8])
    // Another place in the batch, other videos in it, rows that are filled up.
    expect(await sample([8, 5], 4)).toEqual([four[3], four[0]])
    const [alone] = await sample([3])
    const apart = alone?.map((value, i) => Math.abs(value - (four[2]?.[i] ?? NaN)))
    // Sums of another batch size are added in another order, which this network of large random weights
    // amplifies: TensorFlow and WebAssembly are 2e-4 apart. Two levels of a pixel are 8e-3 apart.
    expect(Math.max(...(apart ?? [NaN]))).toBeLessThan(1e-3)
    expect(alone).not.toEqual(four[0])
  })
})
