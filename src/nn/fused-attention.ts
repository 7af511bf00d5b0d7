import { nativeExtension } from '../runtime/native-extension.js'
import {
  type BindingAttribute,
  type TensorFlowBackend,
  tensorflowBackend,
} from '../runtime/tensorflow-backend.js'
import { tf, type Tensor } from '../runtime/tf.js'

/** Whether the backend in use has the operation and computes on a processor, which is what it is for. */
export function hasFusedAttention(): boolean {
  const extension = nativeExtension()
  return extension !== undefined && !extension.isUsingGpuDevice() && extension.hasOperation('FdmAttention')
}

/**
 * softmax(q k^T / sqrt(F)) v for each head of F features, as one operation of our own, and its gradient as
 * another (native/operations). The weights are never in memory.
 * @param qkv (rows, L, 3C), the last axis laid out as (3, heads, F)
 * @returns (rows, L, C)
 */
export function fusedAttention(qkv: Tensor, heads: number): Tensor {
  const attend = tf.customGrad((...inputs) => {
    const [joined, save] = inputs as unknown as [Tensor, (kept: Tensor[]) => void]
    const [y, scale] = forward(joined, heads)
    save([joined, scale])
    return { value: y, gradFunc: (dy: Tensor, kept: Tensor[]) => backward([dy, ...kept]) }
  })
  return attend(qkv)
}

function forward(qkv: Tensor, heads: number): [Tensor, Tensor] {
  const backend = runner()
  const attributes = [
    typeAttribute(backend),
    { name: 'heads', type: backend.binding.TF_ATTR_INT, value: heads },
  ]
  return backend.executeMultipleOutputs('FdmAttention', attributes, [qkv], 2) as [Tensor, Tensor]
}

/** Of dy, qkv and scale: the gradient of qkv. */
function backward(inputs: Tensor[]): Tensor[] {
  const backend = runner()
  return backend.executeMultipleOutputs('FdmAttentionGrad', [typeAttribute(backend)], inputs, 1)
}

function typeAttribute({ binding }: TensorFlowBackend): BindingAttribute {
  return { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }
}

function runner(): TensorFlowBackend {
  const backend = tensorflowBackend()
  if (!backend) throw new Error('the fused attention runs on TensorFlow alone')
  return backend
}
