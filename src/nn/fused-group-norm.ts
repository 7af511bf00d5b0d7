import { hasProcessorOperation } from '../runtime/native-extension.js'
import { runOperationOf } from '../runtime/run-operation.js'
import type { Tensor, Tensor3D } from '../runtime/tf.js'
import { type Activation, EPSILON, GROUPS } from './group-norm-settings.js'
import { withGradient } from './with-gradient.js'

/** Whether the backend in use has the operation and computes on a processor, which is what it is for. */
export function hasFusedGroupNorm(): boolean {
  return hasProcessorOperation('FdmGroupNorm')
}

/** `groupNorm` as one operation of our own, and its gradient as another (native/operations). */
export function fusedGroupNorm(x: Tensor3D, gamma: Tensor, beta: Tensor, activation: Activation): Tensor3D {
  const common = { T: { type: 'float32' }, activation } as const
  const settings = { groups: GROUPS, epsilon: { float: EPSILON } }
  return withGradient(
    [x, gamma, beta],
    (inputs) => {
      const outputs = runOperationOf('FdmGroupNorm', inputs, { ...common, ...settings }, 3)
      const [value, mean, rstd] = outputs as [Tensor3D, Tensor, Tensor]
      return { value, kept: [...inputs, mean, rstd] }
    },
    (dy, kept) => runOperationOf('FdmGroupNormGrad', [dy, ...kept], common, 3),
  )
}
