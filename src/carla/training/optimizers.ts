import { tf, type Tensor } from '../../runtime/tf.js'
import { ADAMW_DEFAULTS, adamwScalars } from '../../training/step/adamw.js'
import { parameterUpdate } from '../../training/step/parameter-update.js'

/** A rule by which parameters follow their gradients. */
export interface Optimizer {
  /** How many tensors it remembers of each parameter. */
  readonly moments: number
  /** What changes from step to step, `step` counting from 1; fed as scalars. */
  scalars(lr: number, step: number): readonly number[]
  update(
    parameter: Tensor,
    gradient: Tensor,
    moments: readonly Tensor[],
    scalars: readonly Tensor[],
  ): { readonly parameter: Tensor; readonly moments: readonly Tensor[] }
}

const SGD_MOMENTUM = 0.9

export const OPTIMIZERS = {
  /** With momentum 0.9, as torch.optim.SGD does it: v' = 0.9 v + g, p' = p - lr v'. */
  sgd: {
    moments: 1,
    scalars: (lr) => [lr],
    update(parameter, gradient, [velocity], [lr]) {
      if (!velocity || !lr) throw new RangeError('SGD with momentum has one moment and one scalar')
      const moved = tf.add(tf.mul(velocity, SGD_MOMENTUM), gradient)
      return { parameter: tf.sub(parameter, tf.mul(moved, lr)), moments: [moved] }
    },
  },
  /** Without weight decay: kinder than SGD to networks that start from nothing. */
  adamw: {
    moments: 2,
    scalars(lr, step) {
      const { keep, stepSize, rootCorrection } = adamwScalars(
        { lr, betas: ADAMW_DEFAULTS.betas, weightDecay: 0 },
        step,
      )
      return [keep, stepSize, rootCorrection]
    },
    update(param, grad, [expAvg, expAvgSq], [keep, stepSize, rootCorrection]) {
      if (!expAvg || !expAvgSq || !keep || !stepSize || !rootCorrection)
        throw new RangeError('AdamW has two moments and three scalars')
      const updated = parameterUpdate(
        { param, grad, expAvg, expAvgSq },
        [],
        { keep, stepSize, rootCorrection },
        { ...ADAMW_DEFAULTS, emaRates: [] },
      )
      return { parameter: updated.param, moments: [updated.expAvg, updated.expAvgSq] }
    },
  },
} as const satisfies Readonly<Record<string, Optimizer>>

export type OptimizerName = keyof typeof OPTIMIZERS
