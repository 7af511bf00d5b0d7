import { expect, it } from 'vitest'
import { meanOverPlaces, sumOverPlaces } from '../../src/nn/over-places.js'
import { randomUniform } from '../../src/runtime/random-uniform.js'
import { tf, type Tensor3D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

describeEachBackend('sums over places', () => {
  // In one step, in two, in two that are uneven, and of a prime number of places.
  it.each([1, 255, 256, 600, 257])('are those of each channel: %i places', (places) => {
    const x = randomUniform([2, places, 3], [places, 0]) as Tensor3D
    const values = x.dataSync<'float32'>()
    const sums = sumOverPlaces(x)
    const means = meanOverPlaces(x)
    expect(sums.shape).toEqual([2, 3])
    expect(means.shape).toEqual([2, 3])
    const [summed, averaged] = [sums.dataSync<'float32'>(), means.dataSync<'float32'>()]
    for (let i = 0; i < 6; i++) {
      const [row, channel] = [Math.floor(i / 3), i % 3]
      const own = values.filter((_: number, at: number) => at % 3 === channel && Math.floor(at / (3 * places)) === row)
      const sum = own.reduce((total, value) => total + value, 0)
      expect(Math.abs((summed[i] ?? NaN) - sum)).toBeLessThan(1e-5 * places)
      expect(Math.abs((averaged[i] ?? NaN) - sum / places)).toBeLessThan(1e-5)
    }
    tf.dispose([x, sums, means])
  })
})
