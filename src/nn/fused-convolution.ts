import { recordsInBfloat16 } from '../runtime/compile.js'
import { hasProcessorOperation } from '../runtime/native-extension.js'
import { runOperation, runOperationOf } from '../runtime/run-operation.js'
import { tf, type Tensor1D, type Tensor4D } from '../runtime/tf.js'
import { biasAdd } from './bias-add.js'
import { withGradient } from './with-gradient.js'

/** Channels must be multiples of it. */
const CHANNEL_UNIT = 32

/** The operation for what is computed or recorded. */
const operationName = () => (recordsInBfloat16() ? 'FdmBfloat16Convolution' : 'FdmConvolution')

/**
 * Whether convolutions with a kernel are best done by our own operation: where the backend in use has it,
 * which takes a processor with AVX-512, and with AVX512-BF16 too if what is recorded computes in bfloat16.
 * @param kernel (3, 3, in, out)
 */
export function hasFusedConvolution(kernel: Tensor4D): boolean {
  const [, , channelsIn, channelsOut] = kernel.shape
  const fits = channelsIn % CHANNEL_UNIT === 0 && channelsOut % CHANNEL_UNIT === 0
  return fits && hasProcessorOperation(operationName())
}

/**
 * A 3x3 convolution with one pixel of zeros on every side, and its bias, as one operation of our own, and its
 * gradients as two others (native/operations). In bfloat16 TensorFlow's are faster where nothing is enlarged,
 * but for the gradient of the kernel.
 * @param x (N, H, W, in)
 * @param kernel as above
 * @param scale 2: of x with each pixel repeated, two by two; the enlarged pictures are never made
 * @returns (N, scale H, scale W, out)
 */
export function fusedConvolution(x: Tensor4D, kernel: Tensor4D, bias: Tensor1D, scale: 1 | 2): Tensor4D {
  const name = operationName()
  const attributes = { T: { type: 'float32' }, scale } as const
  const isOurs = scale === 2 || !recordsInBfloat16()
  return withGradient(
    [x, kernel, bias],
    (inputs) => ({
      value: isOurs
        ? (runOperation(name, inputs, attributes) as Tensor4D)
        : biasAdd(tf.conv2d(x, kernel, 1, 'same'), bias),
      kept: inputs.slice(0, 2),
    }),
    (dy, kept) => {
      const [input, weights] = kept as [Tensor4D, Tensor4D]
      return [
        isOurs
          ? runOperation(`${name}InputGrad`, [dy, weights], attributes)
          : tf.conv2dTranspose(dy, weights, input.shape, 1, 'same'),
        ...runOperationOf(`${name}FilterGrad`, [input, dy], attributes, 2),
      ]
    },
  )
}
