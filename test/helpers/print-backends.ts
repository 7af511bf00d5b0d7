import { findTensorFlow } from '../../src/runtime/find-tensorflow.js'

/** Says once, before the tests, what they run on. */
export default function printBackends(): void {
  const [found] = findTensorFlow()
  const there = found ? `tensorflow (${found.binding}), wasm` : 'wasm (TensorFlow is not set up)'
  process.stdout.write(`testing on ${process.env.FDM_TEST_BACKENDS ?? there}\n`)
}
