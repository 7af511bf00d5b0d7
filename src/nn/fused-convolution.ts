import { recordsInBfloat16 } from '../runtime/compile.js'
import { hasProcessorOperation } from '../runtime/native-extension.js'
import { runOperation, runOperationOf } from '../runtime/run-operation.js'
import type { Tensor, Tensor1D, Tensor4D } from '../runtime/tf.js'
import { withGradient } from './with-gradient.js'

/** Channels must be multiples of it. */
const CHANNEL_UNIT = 32

/**
 * Whether convolutions with a kernel are best done by our own operation: where the backend in use has it,
 * which takes a processor with AVX-512, and in float32. TensorFlow's own use what processors have for
 * bfloat16.
 * @param kernel (3, 3, in, out)
 */
export function hasFusedConvolution(kernel: Tensor4D): boolean {
  const [, , channelsIn, channelsOut] = kernel.shape
  const fits = channelsIn % CHANNEL_UNIT === 0 && channelsOut % CHANNEL_UNIT === 0
  return fits && hasProcessorOperation('FdmConvolution') && !recordsInBfloat16()
}

/**
 * A 3x3 convolution with one pixel of zeros on every side, and its bias, as one operation of our own, and its
 * gradients as two others (native/operations).
 * @param x (N, H, W, in)
 * @param kernel as above
 * @param scale 2: of x with each pixel repeated, two by two; the enlarged pictures are never made
 * @returns (N, scale H, scale W, out)
 */
export function fusedConvolution(x: Tensor4D, kernel: Tensor4D, bias: Tensor1D, scale: 1 | 2): Tensor4D {
  return withGradient(
    [x, kernel, bias],
    (inputs) => ({
      value: runOperation('FdmConvolution', inputs, { scale }) as Tensor4D,
      kept: inputs.slice(0, 2),
    }),
    (dy, kept) => {
      const [input, weights] = kept as [Tensor, Tensor]
      return [
        runOperation('FdmConvolutionInputGrad', [dy, weights], { scale }),
        ...runOperationOf('FdmConvolutionFilterGrad', [input, dy], { scale }, 2),
      ]
    },
  )
}
