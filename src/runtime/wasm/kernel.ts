import { type Tensor, tf } from '../tf.js'

/** What a kernel computes from its inputs and attributes, written with tensor operations. */
export type Kernel<Inputs extends string, Attributes> = (
  inputs: Readonly<Record<Inputs, Tensor>>,
  attributes: Attributes,
) => Tensor

/** Makes a function the kernel `name` of the WebAssembly backend, in place of one there may be. */
export function registerKernel<Inputs extends string, Attributes>(
  name: string,
  kernel: Kernel<Inputs, Attributes>,
): void {
  if (tf.getKernelsForBackend('wasm').some(({ kernelName }) => kernelName === name))
    tf.unregisterKernel(name, 'wasm')
  tf.registerKernel({
    kernelName: name,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => {
      return tf.tidy(() => kernel(inputs as unknown as Record<Inputs, Tensor>, attrs as Attributes))
    },
  })
}
