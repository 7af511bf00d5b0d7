import { beforeAll, describe, expect, it } from 'vitest'
import { forgetPeak, peakMemory, residentMemory } from '../../../src/bench/process-memory.js'
import { compile } from '../../../src/runtime/compile.js'
import { startRuntime } from '../../../src/runtime/start.js'
import { tf, type Tensor } from '../../../src/runtime/tf.js'
import { onGpu } from '../../helpers/on-gpu.js'
import { ownBinding } from '../../helpers/own-binding.js'

const OPERATIONS = 100
const BYTES = 4 * 1024 ** 2

// Looked for in the process's main memory: what a GPU computes is in another.
describe.runIf(ownBinding && !onGpu && peakMemory() !== undefined)('recording', () => {
  beforeAll(async () => {
    await startRuntime({ backend: 'tensorflow' })
  })

  it('computes nothing: a function takes no more memory at its first call than later', () => {
    const run = compile((x: Tensor) => {
      for (let i = 0; i < OPERATIONS; i++) x = tf.sin(x)
      return tf.mean(x)
    })
    const x = tf.square(tf.ones([BYTES / 4]))
    x.dataSync()
    forgetPeak()
    const before = residentMemory() ?? NaN
    run(x).dataSync()
    expect((peakMemory() ?? NaN) - before).toBeLessThan(0.25 * OPERATIONS * BYTES)
    run.dispose()
    x.dispose()
  })
})
