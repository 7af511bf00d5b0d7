import { expect, it } from 'vitest'
import { fillModelConfig } from '../../src/config/model.js'
import type { VideoDataset } from '../../src/data/dataset.js'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import type { Conditioning, Network } from '../../src/diffusion/types.js'
import { heldOutLoss } from '../../src/evaluation/held-out-loss.js'
import { tf, type Tensor5D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

const SIZE = 4
const diffusion = createDiffusion(fillModelConfig({ diffusion_steps: 10, noise_schedule: 'cosine' }))
const dataset: VideoDataset = {
  name: 'stripes',
  split: 'test',
  length: 3,
  T: 12,
  imageSize: SIZE,
  frameCount: () => 12,
  readFrames: (index, frames) =>
    Promise.resolve(
      Uint8Array.from(
        { length: frames.length * SIZE * SIZE * 3 },
        (_, i) => (31 * index + 17 * i + (frames[0] ?? 0)) % 256,
      ),
    ),
}

/** Predicts a share of the noise, which it knows because it looks at the clean video. */
const knowing = (share: number) => ({
  conditioned:
    ({ x0 }: Conditioning): Network =>
    (x, timesteps) =>
      tf.tidy(() => {
        const [told = 0] = timesteps.dataSync()
        const step = Math.round((told * diffusion.numTimesteps) / 1000)
        const kept = diffusion.schedule.alphasCumprod[step] ?? NaN
        return tf.mul<Tensor5D>(tf.div(tf.sub(x, tf.mul(x0, Math.sqrt(kept))), Math.sqrt(1 - kept)), share)
      }),
})

const lossOf = (share: number, seed = 0) =>
  heldOutLoss({ model: knowing(share), diffusion, dataset, maxFrames: 5, tasks: 10, seed })

describeEachBackend('held-out loss', () => {
  it('is 0 for the true noise, and the power of the noise for none', async () => {
    expect(await lossOf(1)).toBeCloseTo(0, 6)
    const whole = await lossOf(0)
    expect(whole).toBeGreaterThan(0.8)
    expect(whole).toBeLessThan(1.2)
    expect(await lossOf(0.5)).toBeCloseTo(whole / 4, 5)
  })

  it('asks the same every time, and something else with another seed', async () => {
    expect(await lossOf(0)).toBe(await lossOf(0))
    expect(await lossOf(0, 1)).not.toBe(await lossOf(0))
  })

  it('keeps no tensor', async () => {
    await lossOf(0)
    const before = tf.memory().numTensors
    await lossOf(0)
    expect(tf.memory().numTensors).toBe(before)
  })
})
