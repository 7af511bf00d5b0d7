import { expect, it } from 'vitest'
import { fillModelConfig } from '../../src/config/model.js'
import { createDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { priorBits } from '../../src/diffusion/likelihood.js'
import { tf, type Tensor5D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'
import { signed } from '../helpers/golden.js'

const SHAPE: [number, number, number, number, number] = [2, 2, 4, 4, 3]

describeEachBackend('the prior term', () => {
  it('is that of the last step in use, of the frames that count', () => {
    // Steps 0 and 50 of 100: at the last one there is still much of a frame.
    const diffusion = createDiffusion(fillModelConfig({ diffusion_steps: 100, timestep_respacing: 'ddim2' }))
    const alphaBar = diffusion.schedule.alphasCumprod[1] ?? NaN
    tf.tidy(() => {
      const x0 = tf.tensor5d(Float32Array.from(signed('x0', SHAPE)), SHAPE)
      // KL(N(sqrt(alpha-bar) x_0, 1 - alpha-bar) || N(0, 1))
      const bits = tf.mul<Tensor5D>(
        tf.sub(tf.mul(tf.square(x0), alphaBar), alphaBar + Math.log(1 - alphaBar)),
        0.5 / Math.LN2,
      )
      const perFrame = tf.mean(bits, [2, 3, 4]).arraySync() as number[][]
      const [[a = NaN, b = NaN] = [], [c = NaN, d = NaN] = []] = perFrame
      const expected = [
        [priorBits(diffusion, x0), [(a + b) / 2, (c + d) / 2]],
        [priorBits(diffusion, x0, tf.tensor2d([[0, 1], [1, 1]])), [b / 2, (c + d) / 2]], // prettier-ignore
      ] as const
      for (const [actual, values] of expected)
        for (const [i, value] of actual.dataSync<'float32'>().entries())
          expect(value / (values[i] ?? NaN)).toBeCloseTo(1, 4)
    })
  })
})
