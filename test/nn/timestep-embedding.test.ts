import { expect, it } from 'vitest'
import { timestepEmbedding } from '../../src/nn/timestep-embedding.js'
import { tf } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

describeEachBackend('the embedding of the diffusion time', () => {
  it('is exact to the last bits, also for late and fractional times', () => {
    const size = 64
    // As 1000 steps, 100 and 30 make them, the last in float32.
    const times = Float32Array.of(0, 1, 999, 980, 14, 966.6667, 33.333332, 31.25 * 31)
    const values = tf.tidy(() => timestepEmbedding(tf.tensor1d(times), size).dataSync<'float32'>())
    let worst = 0
    times.forEach((time, row) => {
      for (let i = 0; i < size / 2; i++) {
        const angle = time * Math.exp((-Math.log(10_000) * i) / (size / 2))
        const [cosine = NaN, sine = NaN] = [values[row * size + i], values[row * size + size / 2 + i]]
        worst = Math.max(worst, Math.abs(cosine - Math.cos(angle)), Math.abs(sine - Math.sin(angle)))
      }
    })
    // Float32 has 6e-8 at 1; an angle of 999 that is rounded to it is off by 3e-5.
    expect(worst).toBeLessThan(2.5e-7)
  })

  it('has a zero column where the size is odd', () => {
    tf.tidy(() => {
      const embedding = timestepEmbedding(tf.tensor1d([5]), 7)
      expect(embedding.shape).toEqual([1, 7])
      expect(embedding.dataSync()[6]).toBe(0)
    })
  })
})
