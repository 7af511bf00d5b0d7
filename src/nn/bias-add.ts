import { runOperation } from '../runtime/run-operation.js'
import { tf, type Tensor } from '../runtime/tf.js'
import { withGradient } from './with-gradient.js'

const ATTRIBUTES = { T: { type: 'float32' }, data_format: 'NHWC' } as const

/**
 * x + bias over the last axis. On TensorFlow an operation of its own, unlike a broadcast sum: a compiled
 * step fuses it into the convolution or matrix product before it.
 * @param x (..., C), of rank 2 or more
 * @param bias (C)
 */
export function biasAdd<T extends Tensor>(x: T, bias: Tensor): T {
  if (tf.getBackend() !== 'tensorflow') return tf.add(x, bias)
  return withGradient<Tensor>(
    [x, bias],
    (inputs) => ({ value: runOperation('BiasAdd', inputs, ATTRIBUTES), kept: [] }),
    (dy) => [dy, runOperation('BiasAddGrad', [dy], ATTRIBUTES)],
  ) as T
}
