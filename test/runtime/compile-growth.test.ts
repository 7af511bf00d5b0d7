import { beforeAll, describe, expect, it } from 'vitest'
import { compile } from '../../src/runtime/compile.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tf, type Tensor2D } from '../../src/runtime/tf.js'
import { countHandles } from '../helpers/count-handles.js'
import { ownBinding } from '../helpers/own-binding.js'

const STEPS = 2000
const WARM_UP = 500
/** Memory that comes and goes. A step that kept one matrix of 64 KiB would add 94 MiB. */
const MEMORY_NOISE = 40 * 2 ** 20

describe.runIf(ownBinding)(`${STEPS} compiled steps`, () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  it.each(['fp32', 'bf16'] as const)('keep no tensors, no handles and no memory in %s', (precision) => {
    const step = compile(
      (weights: Tensor2D, x: Tensor2D) => {
        const loss = (w: Tensor2D) => tf.mean<tf.Scalar>(tf.square(tf.matMul(x, w)))
        const [gradient] = tf.grads((w) => loss(w as Tensor2D))([weights])
        return { weights: tf.sub(weights, tf.mul(gradient ?? NaN, 0.1)), loss: loss(weights) }
      },
      { precision },
    )
    let weights: Tensor2D = tf.ones([128, 128])
    // Two sets of shapes in turns: each has a graph of its own.
    const [small, large] = [32, 48].map((rows): Tensor2D => tf.ones([rows, 128])) as [Tensor2D, Tensor2D]
    const run = (steps: number) => {
      for (let i = 0; i < steps; i++) {
        const result = step(weights, i % 2 ? small : large)
        result.loss.dataSync()
        tf.dispose([weights, result.loss])
        weights = result.weights as Tensor2D
      }
      return { ...counts(), memory: process.memoryUsage.rss() }
    }
    const handles = countHandles()
    const counts = () => ({
      tensors: tf.memory().numTensors,
      buffers: tf.memory().numDataBuffers,
      handles: handles.count(),
    })
    const before = run(WARM_UP)
    const after = run(STEPS - WARM_UP)
    handles.stop()
    expect({ ...after, memory: 0 }).toEqual({ ...before, memory: 0 })
    expect(after.memory - before.memory).toBeLessThan(MEMORY_NOISE)
    expect(weights.arraySync().flat().every(Number.isFinite)).toBe(true)
    step.dispose()
    tf.dispose([weights, small, large])
  })
})
