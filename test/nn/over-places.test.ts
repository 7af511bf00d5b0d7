import { expect, it } from 'vitest'
import { meanOverPlaces, sumOverPlaces } from '../../src/nn/over-places.js'
import { randomUniform } from '../../src/runtime/random-uniform.js'
import { tf, type Tensor3D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

describeEachBackend('sums over places', () => {
  // In one step as they are few, in two, in two that are uneven, and in one as their number is prime.
  it.each([
    [1, 3],
    [256, 3],
    [256, 2048],
    [600, 1024],
    [257, 2048],
  ])('are those of each channel: %i places, %i channels', (places, channels) => {
    const x = randomUniform([2, places, channels], [places, 0]) as Tensor3D
    const values = x.dataSync<'float32'>()
    const sums = sumOverPlaces(x)
    const means = meanOverPlaces(x)
    expect(sums.shape).toEqual([2, channels])
    expect(means.shape).toEqual([2, channels])
    const [summed, averaged] = [sums.dataSync<'float32'>(), means.dataSync<'float32'>()]
    for (let row = 0; row < 2; row++)
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0
        for (let place = 0; place < places; place++)
          sum += values[(row * places + place) * channels + channel] ?? NaN
        const at = row * channels + channel
        expect(Math.abs((summed[at] ?? NaN) - sum)).toBeLessThan(1e-6 * places)
        expect(Math.abs((averaged[at] ?? NaN) - sum / places)).toBeLessThan(1e-6)
      }
    tf.dispose([x, sums, means])
  })
})
