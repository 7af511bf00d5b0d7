import { beforeAll, describe, expect, test } from 'vitest'
import { hostRandom } from '../../src/random.js'
import { deviceRows } from '../../src/runtime/device-rows.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf, type Tensor2D } from '../../src/runtime/tf.js'
import { availableBackends } from '../helpers/backends.js'
import { countHandles } from '../helpers/count-handles.js'

describe.runIf(availableBackends().includes('tensorflow'))('rows on the device', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  test.each([3, 8])('are multiplied with all before them: %i numbers each', (D) => {
    const random = hostRandom('device-rows', D)
    const vectors = Array.from({ length: 6 }, () =>
      Float32Array.from({ length: D }, () => random.uniform() - 0.5),
    )
    const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] ?? NaN), 0)
    const rows = deviceRows(6)
    for (const [start, end] of [
      [0, 2],
      [2, 5],
      [5, 6],
    ] as const) {
      const given = tf.tensor2d(vectors.slice(start, end).map((row) => [...row]))
      const found = rows.append(given)
      const expected = vectors
        .slice(start, end)
        .flatMap((a) => vectors.slice(0, end).map((b) => product(a, b)))
      expect(found).toHaveLength(expected.length)
      expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 14))
      // It is the caller's still.
      expect(given.dataSync()).toHaveLength((end - start) * D)
      given.dispose()
    }
    rows.dispose()
  })

  test('products have the precision of float64, and its range', () => {
    const rows = deviceRows(2)
    const given = tf.tensor2d([[2 ** 20 + 1, 0, 2 ** 70], [2 ** 20 - 1, 3, 0]]) // prettier-ignore
    const between = 2 ** 40 - 1
    expect([...rows.append(given)]).toEqual([2 ** 140, between, between, (2 ** 20 - 1) ** 2 + 9])
    given.dispose()
    rows.dispose()
  })

  test('keep one handle, and none once they are freed, also after an error', () => {
    const some = (count: number, D: number): Tensor2D => tf.ones([count, D])
    const given = { two: some(2, 5), three: some(3, 5), wide: some(1, 6) }
    // Put on the device beforehand: the tensors' own handles are not counted.
    for (const tensor of Object.values(given)) tf.dispose(tf.neg(tensor))
    const tensors = tf.memory().numTensors
    const handles = countHandles()
    try {
      const rows = deviceRows(5)
      expect(handles.count()).toBe(0)
      rows.append(given.two)
      expect(handles.count()).toBe(1)
      expect(() => rows.append(given.wide)).toThrow(/InplaceUpdate|shape/)
      expect(handles.count()).toBe(1)
      expect([...rows.append(given.three)]).toEqual(new Array(15).fill(5))
      expect(handles.count()).toBe(1)
      expect(() => rows.append(given.two)).toThrow('7 rows in place of at most 5')
      rows.dispose()
      rows.dispose()
      expect(handles.count()).toBe(0)
      expect(tf.memory().numTensors).toBe(tensors)
    } finally {
      handles.stop()
    }
    tf.dispose(given)
  })
})
