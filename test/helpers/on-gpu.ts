import { startRuntime } from '../../src/runtime/start.js'
import { tensorflowBackend } from '../../src/runtime/tensorflow-backend.js'
import { availableBackends } from './backends.js'

/**
 * Whether TensorFlow is there and computes on a GPU, which changes two things: operations of our own that are for
 * processors are not used, and sums are added in no fixed order, so that the same steps done twice differ in
 * their last bits. Without GPUs (`CUDA_VISIBLE_DEVICES=-1`) a machine that has some tests what holds on processors.
 */
export const onGpu = await findOut()

async function findOut(): Promise<boolean> {
  if (!availableBackends().includes('tensorflow')) return false
  await startRuntime({ backend: 'tensorflow' })
  const binding: object | undefined = tensorflowBackend()?.binding
  return (binding as { isUsingGpuDevice?(): boolean } | undefined)?.isUsingGpuDevice?.() === true
}
