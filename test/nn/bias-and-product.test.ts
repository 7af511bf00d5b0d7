import { expect, it } from 'vitest'
import { biasAdd } from '../../src/nn/bias-add.js'
import { matrixProduct } from '../../src/nn/matrix-product.js'
import { tf, type Tensor, type Tensor2D } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'

const made = (shape: number[]): Tensor =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(1.7 * i + shape.length)),
    shape,
  )

/** The largest difference in value and in gradients, with a gradient of the result that is uneven. */
function difference(
  ours: (a: Tensor, b: Tensor) => Tensor,
  plain: (a: Tensor, b: Tensor) => Tensor,
  shapes: readonly [number[], number[]],
): number {
  const inputs = shapes.map(made)
  const all = [ours, plain].map((fn) => {
    const apply = (...args: Tensor[]) => fn(...(args as [Tensor, Tensor]))
    const value = apply(...inputs)
    const gradients = tf.grads(apply)(inputs, made(value.shape))
    return [value, ...gradients].flatMap((tensor) => [...tensor.dataSync()])
  })
  const [actual = [], expected = []] = all
  expect(actual).toHaveLength(expected.length)
  return Math.max(...actual.map((value, i) => Math.abs(value - (expected[i] ?? NaN))))
}

// A few units in the last place of sums of at most 60 numbers below 1.
const ROUNDING = 5e-6

describeEachBackend('fused forms', () => {
  it.each([[[5, 7]], [[2, 3, 3, 8]], [[2, 2, 3, 5, 4]]])('add a bias as a sum does: %j', (shape) => {
    const shapes: [number[], number[]] = [shape, [shape.at(-1) ?? 0]]
    expect(difference(biasAdd, (x, bias) => tf.add(x, bias), shapes)).toBeLessThan(ROUNDING)
  })

  it('multiply matrices', () => {
    const product = (a: Tensor, b: Tensor) => matrixProduct(a as Tensor2D, b as Tensor2D)
    expect(difference(product, (a, b) => tf.matMul(a, b), [[6, 60], [60, 5]])).toBeLessThan(ROUNDING) // prettier-ignore
  })
})
