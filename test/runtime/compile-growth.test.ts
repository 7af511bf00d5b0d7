import { beforeAll, describe, expect, it } from 'vitest'
import { compile } from '../../src/runtime/compile.js'
import { startRuntime } from '../../src/runtime/start.js'
import { tensorflowBackend } from '../../src/runtime/tensorflow-backend.js'
import { tf, type Tensor2D } from '../../src/runtime/tf.js'
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

/** Counts the tensors that the addon makes from now on, less those it is told to forget. */
function countHandles() {
  const backend = tensorflowBackend()
  if (!backend) throw new Error('TensorFlow was not started')
  const { binding } = backend
  let count = 0
  const counting: Pick<typeof binding, 'createTensor' | 'executeOp' | 'deleteTensor'> = {
    createTensor: (...values) => {
      count++
      return binding.createTensor(...values)
    },
    executeOp: (...operation) => {
      const results = binding.executeOp(...operation)
      count += results.length
      return results
    },
    deleteTensor: (id) => {
      count--
      binding.deleteTensor(id)
    },
  }
  const front = Object.create(binding) as typeof binding
  for (const [name, value] of Object.entries(counting)) Object.defineProperty(front, name, { value })
  backend.binding = front
  return {
    count: () => count,
    stop: () => {
      backend.binding = binding
    },
  }
}
