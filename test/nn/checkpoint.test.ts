import { beforeAll, describe, expect, it } from 'vitest'
import { forgetPeak, peakMemory } from '../../src/bench/process-memory.js'
import { checkpointed } from '../../src/nn/checkpoint.js'
import { compile } from '../../src/runtime/compile.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf, type Tensor, type Tensor2D } from '../../src/runtime/tf.js'
import { onGpu } from '../helpers/on-gpu.js'
import { ownBinding } from '../helpers/own-binding.js'

const PARTS = 8
const LAYERS = 8
const SIZE = 1024
/** Of one tensor between two layers. */
const BYTES = 4 * SIZE ** 2

/** The gradient of a deep network that keeps one tensor for each of its layers, or for each of its parts. */
function gradient(x: Tensor2D, weight: Tensor, recompute: boolean): Tensor {
  const run = ([value]: readonly [Tensor2D], parameters: ReadonlyMap<string, Tensor>) => {
    let features = value
    for (let i = 0; i < LAYERS; i++) features = tf.sin(tf.mul(features, parameters.get('weight') ?? NaN))
    return features
  }
  const loss = (weight: Tensor) => {
    let features = x
    const parameters = new Map([['weight', weight]])
    for (let i = 0; i < PARTS; i++)
      features = recompute ? checkpointed(run, [features], parameters) : run([features], parameters)
    return tf.mean<tf.Scalar>(features)
  }
  return tf.grad(loss)(weight)
}

// Looked for in the process's main memory: on a GPU activations are in another.
describe.runIf(ownBinding && !onGpu && peakMemory() !== undefined)('recomputed activations', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  it('are not kept by a compiled function', () => {
    const x: Tensor2D = tf.fill([SIZE, SIZE], 0.5)
    const weight = tf.scalar(1.1)
    const measure = (recompute: boolean) => {
      const run = compile((x: Tensor2D, weight: Tensor) => gradient(x, weight, recompute))
      run(x, weight).dispose()
      forgetPeak()
      const [value] = run(x, weight).dataSync()
      const peak = peakMemory() ?? NaN
      run.dispose()
      return { value, peak }
    }
    // In this order: what the second frees, the process may keep.
    const recomputed = measure(true)
    const kept = measure(false)
    expect(recomputed.value).toBeCloseTo(kept.value ?? NaN, 6)
    expect(kept.peak - recomputed.peak).toBeGreaterThan(0.5 * PARTS * LAYERS * BYTES)
    tf.dispose([x, weight])
  })
})
