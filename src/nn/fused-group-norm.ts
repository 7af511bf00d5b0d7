import { hasProcessorOperation } from '../runtime/native-extension.js'
import {
  type BindingAttribute,
  tensorflowBackend,
  type TensorFlowBackend,
} from '../runtime/tensorflow-backend.js'
import { tf, type Tensor, type Tensor3D } from '../runtime/tf.js'
import { type Activation, EPSILON, GROUPS } from './group-norm-settings.js'

/** Whether the backend in use has the operation and computes on a processor, which is what it is for. */
export function hasFusedGroupNorm(): boolean {
  return hasProcessorOperation('FdmGroupNorm')
}

/** `groupNorm` as one operation of our own, and its gradient as another (native/operations). */
export function fusedGroupNorm(x: Tensor3D, gamma: Tensor, beta: Tensor, activation: Activation): Tensor3D {
  const normalize = tf.customGrad((...inputs) => {
    const [features, scale, shift, save] = inputs as unknown as [
      Tensor3D,
      Tensor,
      Tensor,
      (kept: Tensor[]) => void,
    ]
    const [y, mean, rstd] = forward([features, scale, shift], activation)
    save([features, scale, shift, mean, rstd])
    return {
      value: y,
      gradFunc: (dy: Tensor, kept: Tensor[]) => backward([dy, ...kept], activation),
    }
  })
  return normalize(x, gamma, beta)
}

function forward(inputs: Tensor[], activation: Activation): [Tensor3D, Tensor, Tensor] {
  const { TF_ATTR_INT, TF_ATTR_FLOAT } = runner().binding
  const attributes = [
    ...commonAttributes(activation),
    { name: 'groups', type: TF_ATTR_INT, value: GROUPS },
    { name: 'epsilon', type: TF_ATTR_FLOAT, value: EPSILON },
  ]
  return runner().executeMultipleOutputs('FdmGroupNorm', attributes, inputs, 3) as [Tensor3D, Tensor, Tensor]
}

/** Of dy, x, gamma, beta, mean, rstd: the gradients of x, gamma and beta. */
function backward(inputs: Tensor[], activation: Activation): Tensor[] {
  return runner().executeMultipleOutputs('FdmGroupNormGrad', commonAttributes(activation), inputs, 3)
}

function commonAttributes(activation: Activation): BindingAttribute[] {
  const { TF_ATTR_TYPE, TF_ATTR_STRING, TF_FLOAT } = runner().binding
  return [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'activation', type: TF_ATTR_STRING, value: activation },
  ]
}

function runner(): TensorFlowBackend {
  const backend = tensorflowBackend()
  if (!backend) throw new Error('the fused group normalisation runs on TensorFlow alone')
  return backend
}
