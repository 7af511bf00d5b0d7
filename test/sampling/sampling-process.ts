import { startRuntime } from '../../src/runtime/start.js'
import { planSampleRun } from '../../src/sampling/runs/plan-sample-run.js'
import { sampleRun } from '../../src/sampling/runs/sample-run.js'
import { sharedRun } from './shared-run.js'

/**
 * A process that samples the shared run below the folder in `EVAL_DIR`, as slowly as a small network, and
 * prints each video that it has sampled.
 */
await startRuntime({ backend: 'wasm' })
const inputs = sharedRun(process.env.EVAL_DIR ?? '')
process.stdout.write('ready\n')
const videos = sampleRun(planSampleRun(inputs), inputs, {
  onProgress: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20),
})
for await (const { video, isNew } of videos) if (isNew) process.stdout.write(`video ${video}\n`)
