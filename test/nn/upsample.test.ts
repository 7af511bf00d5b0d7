import { expect, it } from 'vitest'
import { upsampleNearest2x } from '../../src/nn/upsample.js'
import { withoutOwnOperations } from '../../src/runtime/native-extension.js'
import { tf, type Tensor4D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

describeEachBackend('upsampling', () => {
  const forms: [string, (run: () => void) => void][] = [
    ['as the backend has it', (run) => run()],
    ['in plain operations', withoutOwnOperations],
  ]
  it.each(forms)('repeats each place, and adds up the gradients of its copies, %s', (_, within) => {
    within(() => {
      // Two frames of 1 x 2 places with two channels.
      const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [2, 1, 2, 2])
      const row = (frame: number) => [0, 0, 1, 1].map((w) => [1, 2].map((c) => 4 * frame + 2 * w + c))
      expect(upsampleNearest2x(x).arraySync()).toEqual([0, 1].map((frame) => [row(frame), row(frame)]))

      const weights = tf.tensor4d(Array.from({ length: 32 }, (_, i) => i ** 2), [2, 2, 4, 2]) // prettier-ignore
      const weighted = (values: Tensor4D) => tf.sum(tf.mul(upsampleNearest2x(values), weights))
      const gradient = tf
        .grad(weighted as never)(x)
        .dataSync()
      // Copies of place (frame, w, c) are 2 apart in a row, and rows are 8 apart.
      const expected = Array.from({ length: 8 }, (_, i) => {
        const [frame, w, c] = [i >> 2, (i >> 1) & 1, i & 1]
        const first = 16 * frame + 4 * w + c
        return [0, 2, 8, 10].reduce((sum, offset) => sum + (first + offset) ** 2, 0)
      })
      expect([...gradient]).toEqual(expected)
    })
  })
})
