import { beforeAll, describe, expect, test } from 'vitest'
import { hostRandom } from '../../src/random.js'
import { deviceRows } from '../../src/runtime/device-rows.js'
import type { NativeExtension } from '../../src/runtime/native-extension.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tensorflowBackend, type OperationBinding } from '../../src/runtime/tensorflow-backend.js'
import { tf, type Tensor2D } from '../../src/runtime/tf.js'
import { countHandles } from '../helpers/count-handles.js'
import { ownBinding } from '../helpers/own-binding.js'

// They are kept by a function that our addon registers.
describe.runIf(ownBinding)('rows on the device', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  // At most: rows of a chunk.
  test.each([
    [3, 100],
    [8, 100],
    [8, 4],
    [8, 3],
    [5, 0],
  ])('are multiplied with all before them: %i numbers each, chunks of %i', (D, most) => {
    const random = hostRandom('device-rows', D)
    const vectors = Array.from({ length: 16 }, () =>
      Float32Array.from({ length: D }, () => random.uniform() - 0.5),
    )
    const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] ?? NaN), 0)
    const rows = deviceRows(most * D * 8)
    for (const [start, end] of [
      [0, 2],
      [2, 5],
      [5, 6],
      [6, 11],
      [11, 12],
      [12, 14],
      [14, 16],
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
    const rows = deviceRows()
    const given = tf.tensor2d([[2 ** 20 + 1, 0, 2 ** 70], [2 ** 20 - 1, 3, 0]]) // prettier-ignore
    const between = 2 ** 40 - 1
    expect([...rows.append(given)]).toEqual([2 ** 140, between, between, (2 ** 20 - 1) ** 2 + 9])
    given.dispose()
    rows.dispose()
  })

  test('keep one handle for each chunk, and none once they are freed, also after an error', () => {
    const some = (count: number, D: number): Tensor2D => tf.ones([count, D])
    const given = { two: some(2, 5), three: some(3, 5), wide: some(1, 6) }
    // Put on the device beforehand: the tensors' own handles are not counted.
    for (const tensor of Object.values(given)) tf.dispose(tf.neg(tensor))
    const tensors = tf.memory().numTensors
    const handles = countHandles()
    try {
      // Five rows of the right length, or four of the wrong one.
      const rows = deviceRows(5 * 5 * 8)
      expect(handles.count()).toBe(0)
      rows.append(given.two)
      expect(handles.count()).toBe(1)
      const wrong = /ConcatOp|Matrix size-incompatible/
      expect(() => rows.append(given.wide)).toThrow(wrong)
      expect(handles.count()).toBe(1)
      expect([...rows.append(given.three)]).toEqual(new Array(15).fill(5))
      expect(handles.count()).toBe(1)
      expect(() => rows.append(given.wide)).toThrow(wrong)
      expect([...rows.append(given.three)]).toEqual(new Array(24).fill(5))
      expect(handles.count()).toBe(2)
      expect([...rows.append(given.two)]).toEqual(new Array(20).fill(5))
      expect(handles.count()).toBe(2)
      rows.dispose()
      rows.dispose()
      expect(handles.count()).toBe(0)
      expect([...rows.append(given.wide)]).toEqual([6])
      rows.dispose()
      expect(handles.count()).toBe(0)
      expect(tf.memory().numTensors).toBe(tensors)
    } finally {
      handles.stop()
    }
    tf.dispose(given)
  })

  test('take one operation and one reading each time, which are known from then on', () => {
    const given: Tensor2D = tf.ones([3, 7])
    tf.dispose(tf.neg(given))
    const calls = countCalls()
    try {
      for (let video = 0; video < 2; video++) {
        const rows = deviceRows(6 * 7 * 8)
        for (let stage = 0; stage < 5; stage++) rows.append(given)
        rows.dispose()
        const { executeOp, tensorDataSync, createTensor } = calls.count
        const sum = 5 * (video + 1)
        expect({ executeOp, tensorDataSync, createTensor }).toEqual({ executeOp: sum, tensorDataSync: sum, createTensor: 0 }) // prettier-ignore
        // Another test may have registered some.
        if (video === 1) expect(calls.count.registerFunction).toBe(0)
        else calls.count.registerFunction = 0
      }
    } finally {
      calls.stop()
    }
    given.dispose()
  })

  test('a failed reading leaves nothing behind either', () => {
    const given: Tensor2D = tf.ones([3, 7])
    tf.dispose(tf.neg(given))
    const handles = countHandles()
    const reading = failingReading()
    const rows = deviceRows()
    try {
      expect(() => rows.append(given)).toThrow('lost')
      expect(handles.count()).toBe(0)
    } finally {
      reading.stop()
    }
    expect([...rows.append(given)]).toEqual(new Array(9).fill(7))
    const again = failingReading()
    try {
      expect(() => rows.append(given)).toThrow('lost')
    } finally {
      again.stop()
    }
    // Those of before, and no more.
    expect([...rows.append(given)]).toEqual(new Array(18).fill(7))
    rows.dispose()
    expect(handles.count()).toBe(0)
    handles.stop()
    given.dispose()
  })
})

type Wrapped = OperationBinding & Pick<NativeExtension, 'registerFunction'>

/** The backend with some of the addon's functions replaced. */
function replaced(make: (binding: Wrapped) => Partial<Wrapped>) {
  const backend = tensorflowBackend()
  if (!backend) throw new Error('TensorFlow was not started')
  const { binding } = backend
  const front = Object.create(binding) as OperationBinding
  for (const [name, value] of Object.entries(make(binding as Wrapped)))
    Object.defineProperty(front, name, { value })
  backend.binding = front
  return {
    stop: () => {
      backend.binding = binding
    },
  }
}

function countCalls() {
  const count = { executeOp: 0, tensorDataSync: 0, createTensor: 0, registerFunction: 0 }
  const counting = replaced((binding) => ({
    executeOp: (...args) => (count.executeOp++, binding.executeOp(...args)),
    tensorDataSync: (...args) => (count.tensorDataSync++, binding.tensorDataSync(...args)),
    createTensor: (...args) => (count.createTensor++, binding.createTensor(...args)),
    registerFunction: (...args) => {
      count.registerFunction++
      binding.registerFunction(...args)
    },
  }))
  return { count, ...counting }
}

function failingReading() {
  return replaced(() => ({
    tensorDataSync: () => {
      throw new Error('the device is lost')
    },
  }))
}
