import { tf, type Tensor } from '../../runtime/tf.js'

export interface AdamWSettings {
  readonly betas: readonly [number, number]
  readonly eps: number
  readonly weightDecay: number
}

/** The settings a run starts with, but for the weight decay: PyTorch's and the original's. */
export const ADAMW_DEFAULTS = { betas: [0.9, 0.999], eps: 1e-8 } as const

/** One parameter with its gradient and its running moments; all of one shape. */
export interface AdamWSlot<T extends Tensor = Tensor> {
  readonly param: T
  readonly grad: T
  readonly expAvg: T
  readonly expAvgSq: T
}

/** What changes from step to step. Scalars that are fed, so that one compiled step serves all. */
export interface AdamWScalars<S = Tensor> {
  /** 1 - lr * weightDecay: what is left of a parameter before the update. */
  readonly keep: S
  /** lr / (1 - beta1^step). */
  readonly stepSize: S
  /** sqrt(1 - beta2^step). */
  readonly rootCorrection: S
}

/**
 * The scalars of update number `step` (counting from 1), in float64: in float32, 1 - 0.999^1 would lose
 * half its digits.
 */
export function adamwScalars(
  { lr, betas, weightDecay }: Omit<AdamWSettings, 'eps'> & { readonly lr: number },
  step: number,
): AdamWScalars<number> {
  return {
    keep: 1 - lr * weightDecay,
    stepSize: lr / (1 - betas[0] ** step),
    rootCorrection: Math.sqrt(1 - betas[1] ** step),
  }
}

/**
 * One AdamW update of one parameter, as torch.optim.AdamW does it (Loshchilov & Hutter 2019, algorithm 2):
 * weight decay is applied to the parameter itself and never enters the moments.
 * @param scalars from {@link adamwScalars}, as numbers or as fed scalar tensors
 * @returns the new parameter and moments; the arguments are left as they are
 */
export function adamwUpdate<T extends Tensor>(
  { param, grad, expAvg, expAvgSq }: AdamWSlot<T>,
  { keep, stepSize, rootCorrection }: AdamWScalars<Tensor | number>,
  { betas: [beta1, beta2], eps }: Pick<AdamWSettings, 'betas' | 'eps'>,
): Omit<AdamWSlot<T>, 'grad'> {
  return tf.tidy(() => {
    const newExpAvg = tf.add<T>(expAvg.mul(beta1), grad.mul(1 - beta1))
    const newExpAvgSq = tf.add<T>(expAvgSq.mul(beta2), grad.mul(grad).mul(1 - beta2))
    const denominator = newExpAvgSq.sqrt().div(rootCorrection).add(eps)
    const newParam = tf.sub<T>(param.mul(keep), newExpAvg.div(denominator).mul(stepSize))
    return { param: newParam, expAvg: newExpAvg, expAvgSq: newExpAvgSq }
  })
}
