import { expect, it } from 'vitest'
import { putRows, takeRows } from '../../src/nn/rows.js'
import { tf, type Tensor } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

describeEachBackend('rows of a tensor', () => {
  const x = () => tf.reshape(tf.range(0, 24), [4, 3, 2])
  const rows = () => tf.tensor1d([0, 2], 'int32')

  it('are taken, and put back among zeros', () => {
    tf.tidy(() => {
      const taken = takeRows(x(), rows())
      expect(taken.shape).toEqual([2, 3, 2])
      expect([...taken.dataSync()]).toEqual([0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17])
      const back = putRows(taken, rows(), 4)
      expect(back.shape).toEqual([4, 3, 2])
      expect([...back.dataSync()]).toEqual([...x().dataSync()].map((v, i) => (i % 12 < 6 ? v : 0)))
    })
  })

  it('have the gradients that go with it', () => {
    tf.tidy(() => {
      const weights = tf.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2])
      const weigh = (taken: Tensor) => tf.sum(tf.mul(taken, weights))
      const ofTaken = tf.grad((value) => weigh(takeRows(value, rows())))(x())
      expect([...ofTaken.dataSync()]).toEqual([...putRows(weights, rows(), 4).dataSync()])
      const all = tf.reshape(tf.range(0, 24), [4, 3, 2])
      const ofPut = tf.grad((value) => tf.sum(tf.mul(putRows(value, rows(), 4), all)))(weights)
      expect([...ofPut.dataSync()]).toEqual([...takeRows(all, rows()).dataSync()])
    })
  })
})
