import { describe, expect, it } from 'vitest'
import { type Tensor, tf } from '../../src/runtime/tf.js'
import { describeEachBackend } from '../helpers/backends.js'
import { signed } from '../helpers/golden.js'
import { type Case, explicitlyPadded, groups, parseShapes } from './operation-cases.js'

type Evaluate = (inputs: readonly Float32Array[]) => { shape: number[]; values: Float64Array }

describeEachBackend('operations', (backend) => {
  const here: Record<string, Case[]> = backend === 'wasm' ? { ...groups, explicitlyPadded } : groups

  describe.each(Object.entries(here))('%s', (_, cases) => {
    for (const [name, text, operation, prepare = (value: number) => value] of cases) {
      it(name, async () => {
        const shapes = parseShapes(text)
        const data = shapes.map((shape, i) => Float32Array.from(signed(`${name}:${i}`, shape), prepare))
        const evaluate: Evaluate = (inputs) => {
          const result = tf.tidy(() => operation(...inputs.map((values, i) => tf.tensor(values, shapes[i]))))
          const values = Float64Array.from(result.dataSync())
          result.dispose()
          return { shape: result.shape, values }
        }
        const result = evaluate(data)
        // A third implementation, in plain JavaScript.
        await tf.setBackend('cpu')
        const reference = evaluate(data)
        await tf.setBackend(backend)
        expect(result.shape).toEqual(reference.shape)
        expectClose(result.values, reference.values, 2e-6)

        const probe = signed(`probe:${name}`, result.shape)
        const gradients = tf.tidy(() => {
          const inputs = data.map((values, i) => tf.tensor(values, shapes[i]))
          const weights = tf.tensor(Float32Array.from(probe), result.shape)
          return tf.grads((...all: Tensor[]) => operation(...all).mul(weights))(inputs)
        })
        data.forEach((input, i) => {
          const expected = Float64Array.from(input, (_, element) => slope(evaluate, data, i, element, probe))
          expectClose(Float64Array.from(gradients[i]?.dataSync() ?? []), expected, 1e-3)
        })
        tf.dispose(gradients)
      })
    }
  })

  it('leave no tensors behind', () => {
    const run = () => {
      for (const [, shapes, operation] of Object.values(here).flat()) {
        tf.tidy(() => {
          const inputs = parseShapes(shapes).map((shape) => tf.fill(shape, 0.5))
          tf.grads((...all: Tensor[]) => operation(...all))(inputs)
        })
      }
    }
    run()
    const before = { ...tf.memory() }
    run()
    expect(tf.memory().numTensors).toBe(before.numTensors)
    expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers)
  })
})

/** The slope of the probe-weighted sum along one element, by central differences summed in float64. */
function slope(
  evaluate: Evaluate,
  data: readonly Float32Array[],
  input: number,
  element: number,
  probe: Float64Array,
): number {
  const at = (step: number) => {
    const moved = (data[input] ?? new Float32Array()).slice()
    moved[element] = (moved[element] ?? NaN) + step
    return { point: moved[element] ?? NaN, values: evaluate(data.with(input, moved)).values }
  }
  const [above, below] = [at(0.01), at(-0.01)]
  const rise = probe.reduce((sum, weight, i) => {
    return sum + weight * ((above.values[i] ?? NaN) - (below.values[i] ?? NaN))
  }, 0)
  return rise / (above.point - below.point)
}

/** Each value within `tolerance` of the expected one, relative to its size where that is over 1. */
function expectClose(actual: Float64Array, expected: Float64Array, tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  for (const [i, wanted] of expected.entries()) {
    const error = Math.abs((actual[i] ?? NaN) - wanted) / Math.max(1, Math.abs(wanted))
    expect(error, `value ${i}: ${actual[i]} instead of ${wanted}`).toBeLessThanOrEqual(tolerance)
  }
}
