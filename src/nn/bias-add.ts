import { runOperation } from '../runtime/run-operation.js'
import { tf, type Tensor } from '../runtime/tf.js'

const ATTRIBUTES = { T: { type: 'float32' }, data_format: 'NHWC' } as const

/**
 * x + bias over the last axis. On TensorFlow an operation of its own, unlike a broadcast sum: a compiled
 * step fuses it into the convolution or matrix product before it.
 * @param x (..., C), of rank 2 or more
 * @param bias (C)
 */
export function biasAdd<T extends Tensor>(x: T, bias: Tensor): T {
  if (tf.getBackend() !== 'tensorflow') return tf.add(x, bias)
  const add = tf.customGrad((...inputs) => {
    const [features, shift] = inputs as unknown as [T, Tensor]
    return {
      value: runOperation('BiasAdd', [features, shift], ATTRIBUTES),
      gradFunc: (dy: Tensor) => [dy, runOperation('BiasAddGrad', [dy], ATTRIBUTES)],
    }
  })
  return add(x, bias) as T
}
