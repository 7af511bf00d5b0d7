import { expect, it } from 'vitest'
import { discretizedGaussianLogLikelihood, meanOverVideo, normalKl } from '../../src/diffusion/gaussian.js'
import { tf, type Tensor5D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'
import { signed } from '../helpers/golden.js'

const SHAPE: [number, number, number, number, number] = [2, 2, 4, 4, 3]
const made = (name: string, scale = 1): Tensor5D =>
  tf.tensor5d(Float32Array.from(signed(name, SHAPE), (value) => value * scale), SHAPE) // prettier-ignore

describeEachBackend('Gaussian terms', () => {
  it('KL between Gaussians is that of the closed form', () => {
    tf.tidy(() => {
      const [m1, v1, m2, v2] = [made('m1'), made('v1', 2), made('m2'), made('v2', 2)]
      const values = [m1, v1, m2, v2].map((tensor) => tensor.dataSync<'float32'>())
      const actual = normalKl(m1, v1, m2, v2).dataSync<'float32'>()
      for (const [i, kl] of actual.entries()) {
        const [a = NaN, logA = NaN, b = NaN, logB = NaN] = values.map((array) => array[i])
        const expected = 0.5 * (logB - logA + (Math.exp(logA) + (a - b) ** 2) / Math.exp(logB) - 1)
        expect(kl).toBeCloseTo(expected, 4)
      }
    })
  })

  it('probabilities of pixels are those of their bins, open at both ends', () => {
    tf.tidy(() => {
      const logScale = made('scale', 0.5)
      const mean = made('mean', 0.4)
      const pixels = Float32Array.from(signed('x', SHAPE), (value, i) => [-1, 1][i % 5] ?? value * 0.5)
      const actual = discretizedGaussianLogLikelihood(tf.tensor5d(pixels, SHAPE), mean, logScale)
      const [means, scales] = [mean.dataSync<'float32'>(), logScale.dataSync<'float32'>()]
      const cdf = (z: number) => 0.5 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z ** 3)))
      for (const [i, value] of actual.dataSync<'float32'>().entries()) {
        const x = pixels[i] ?? NaN
        const z = (edge: number) => (edge - (means[i] ?? NaN)) / Math.exp(scales[i] ?? NaN)
        const above = x > 0.999 ? 1 : cdf(z(x + 1 / 255))
        const below = x < -0.999 ? 0 : cdf(z(x - 1 / 255))
        expect(Math.abs(value - Math.log(above - below))).toBeLessThan(1e-3)
      }
    })
  })

  it('pixels a mean is certain to be wrong about have a small probability, not none', () => {
    tf.tidy(() => {
      const value = discretizedGaussianLogLikelihood(tf.zeros(SHAPE), tf.ones(SHAPE), tf.fill(SHAPE, -6))
      expect(Math.max(...value.dataSync())).toBeCloseTo(Math.log(1e-12), 3)
    })
  })

  it('pixels far from the mean have the probability that is left, to the last digits that float32 has', () => {
    tf.tidy(() => {
      // An edge 4.2 deviations away: 1 + tanh is 1e-5.
      const [mean, logScale] = [-1 + 1 / 255 + 4.2 * Math.exp(-2), -2]
      const inner = Math.sqrt(2 / Math.PI) * (-4.2 + 0.044715 * (-4.2) ** 3)
      const black: Tensor5D = tf.fill(SHAPE, -1)
      const value = discretizedGaussianLogLikelihood(black, tf.fill(SHAPE, mean), tf.fill(SHAPE, logScale))
      const [actual = NaN] = value.dataSync()
      expect(Math.abs(actual - Math.log(0.5 * (1 + Math.tanh(inner))))).toBeLessThan(0.02)
    })
  })

  it('masked means divide by the number of all elements', () => {
    tf.tidy(() => {
      const values: Tensor5D = tf.ones(SHAPE)
      expect([...meanOverVideo(values, tf.tensor2d([[1, 0], [1, 1]])).dataSync()]).toEqual([0.5, 1]) // prettier-ignore
      expect([...meanOverVideo(values).dataSync()]).toEqual([1, 1])
    })
  })

  it('masked means have the gradients of sums over what is not masked', () => {
    tf.tidy(() => {
      const mask = tf.tensor2d([[1, 0], [1, 1]]) // prettier-ignore
      const loss = (values: Tensor5D) => tf.sum(tf.mul(meanOverVideo(values, mask), [1, 10]))
      const gradient = tf
        .grad(loss as never)(tf.ones(SHAPE))
        .dataSync()
      const [perFrame, perVideo] = [4 * 4 * 3, 2 * 4 * 4 * 3]
      const expected = [1, 0, 10, 10].flatMap((weight) => Array<number>(perFrame).fill(weight / perVideo))
      expected.forEach((value, i) => {
        expect(gradient[i]).toBeCloseTo(value, 7)
      })
    })
  })
})
