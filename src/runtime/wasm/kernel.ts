import { type Tensor, tf } from '../tf.js'

/**
 * What a kernel computes from its inputs and attributes, written with tensor operations. `before` is the
 * kernel that was registered until now, for the cases that are left to it.
 */
export type Kernel<Inputs extends string, Attributes> = (
  inputs: Readonly<Record<Inputs, Tensor>>,
  attributes: Attributes,
  before: () => Tensor,
) => Tensor

/** Makes a function the kernel `name` of the WebAssembly backend, in place of one there may be. */
export function registerKernel<Inputs extends string, Attributes>(
  name: string,
  kernel: Kernel<Inputs, Attributes>,
): void {
  const earlier = tf.getKernelsForBackend('wasm').find(({ kernelName }) => kernelName === name)
  if (earlier) tf.unregisterKernel(name, 'wasm')
  tf.registerKernel({
    ...earlier,
    kernelName: name,
    backendName: 'wasm',
    kernelFunc: (call) => {
      const before = () => {
        if (!earlier) throw new Error(`the WebAssembly backend has no kernel ${name} of its own`)
        return asTensor(earlier.kernelFunc(call))
      }
      const inputs = call.inputs as unknown as Record<Inputs, Tensor>
      return tf.tidy(() => kernel(inputs, call.attrs as Attributes, before))
    },
  })
}

function asTensor(result: tf.TensorInfo | tf.TensorInfo[]): Tensor {
  if (Array.isArray(result)) throw new Error('expected a kernel with one result')
  return tf.engine().makeTensorFromTensorInfo(result)
}
