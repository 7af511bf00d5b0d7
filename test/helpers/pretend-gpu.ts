import { tensorflowBackend } from '../../src/runtime/tensorflow-backend.js'

/** Lets TensorFlow say from now on that it computes on a GPU, while processors do. */
export function pretendGpu() {
  const backend = tensorflowBackend()
  if (!backend) throw new Error('TensorFlow was not started')
  const { binding } = backend
  const front = Object.create(binding) as typeof binding
  Object.defineProperty(front, 'isUsingGpuDevice', { value: () => true })
  backend.binding = front
  return {
    stop: () => {
      backend.binding = binding
    },
  }
}
