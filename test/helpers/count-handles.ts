import { tensorflowBackend } from '../../src/runtime/tensorflow-backend.js'

/** Counts the tensors that the addon makes from now on, less those it is told to forget. */
export function countHandles() {
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
