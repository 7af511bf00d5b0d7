import { afterAll, beforeAll, expect, test } from 'vitest'
import { fillModelConfig } from '../../src/config/model.js'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { ancestralSampler } from '../../src/diffusion/samplers/ancestral.js'
import { createModel, modelOf, type VideoModel } from '../../src/model/video-model.js'
import { tf, type Tensor } from '../../src/runtime/tf.js'
import { sampleVideo } from '../../src/sampling/sample-video.js'
import { denoisingStep } from '../../src/sampling/stages/denoising-step.js'
import { filmOf, frameOf, type VideoBatch } from '../../src/sampling/videos/video-batch.js'
import { autoreg } from '../../src/schemes/autoreg.js'
import { describeEachBackend } from '../helpers/backends.js'
import { weight } from '../helpers/golden.js'
import { memoryGrowth } from '../helpers/memory-growth.js'

const config = fillModelConfig({
  image_size: 32,
  num_channels: 32,
  num_res_blocks: 1,
  timestep_respacing: '2',
  // From predicted noise, x_0 at the first step is 157 times as uncertain as the network's rounding.
  predict_xstart: true,
})
const [T, SIZE] = [6, 32]

describeEachBackend('sampling with the network', () => {
  let model: VideoModel
  beforeAll(() => {
    // Fresh models have layers of zeros, which hide what they are fed.
    const fresh = createModel(config)
    const parameters = [...fresh.parameters].map(([name, { shape }]): [string, Tensor] => [
      name,
      tf.tensor(weight(name, shape, 'sampling:'), shape),
    ])
    fresh.dispose()
    model = modelOf(config, new Map(parameters))
  })
  afterAll(() => model.dispose())

  const sample = (videos: VideoBatch, videoIndices: readonly number[], counts: number[] = []) =>
    sampleVideo({
      model,
      diffusion: createDiffusion(config),
      videos,
      videoIndices,
      observed: 2,
      scheme: autoreg,
      maxFrames: 4,
      onProgress: () => counts.push(tf.memory().numTensors),
    })

  function videos(): VideoBatch {
    const shape = [2, T, SIZE, SIZE, 3] as const
    const data = Uint8Array.from({ length: 2 * T * SIZE * SIZE * 3 }, (_, i) => (i * 7919) % 251)
    return { shape, data }
  }

  test('a video depends on its observed frames alone, not on its batch, and tensors stay flat', async () => {
    const given = videos()
    const counts: number[] = []
    const before = tf.memory().numTensors
    const both = await sample(given, [3, 9], counts)
    expect(tf.memory().numTensors).toBe(before)
    expect(counts.slice(3)).toEqual(counts.slice(0, 3))

    const second = { shape: [1, T, SIZE, SIZE, 3] as const, data: filmOf(given, 1).data }
    const alone = await sample(second, [9])
    const apart = alone.data.map((value, i) => Math.abs(value - (filmOf(both, 1).data[i] ?? 0)))
    // Sums of another batch size may round differently; a level is far more than that.
    expect(Math.max(...apart)).toBeLessThanOrEqual(1)

    const changed = { shape: second.shape, data: second.data.slice() }
    frameOf(changed, 0, 0).fill(200)
    const other = await sample(changed, [9])
    expect(frameOf(other, 0, T - 1)).not.toEqual(frameOf(alone, 0, T - 1))
  })

  test('the memory of the process is flat over stages', async () => {
    const diffusion = createDiffusion(config)
    const sampler = ancestralSampler(diffusion.schedule)
    const denoise = denoisingStep({ model, diffusion, sampler, clipDenoised: true })
    const film = { shape: [1, T, SIZE, SIZE, 3], data: videos().data.slice(0, T * SIZE * SIZE * 3) } as const
    const twoStages = () =>
      sampleVideo({ model, diffusion, denoise, videos: film, observed: 2, scheme: autoreg, maxFrames: 4 })
    const growth = await memoryGrowth({ warmUp: 1, turns: 2 }, twoStages)
    denoise.dispose()
    // All that is computed on the way, if it were kept, would be 110 MB for each of the 8 steps.
    expect(growth).toBeLessThan(16)
  })
})
