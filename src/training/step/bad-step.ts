/** The numbers of a step that tell whether it did the model harm. */
export interface StepNumbers {
  /** Mean loss of the batch. */
  readonly loss: number
  /** Norm of its gradient. */
  readonly gradNorm: number
}

/**
 * What is wrong with a step, in words, or undefined. A step is bad if its loss or the norm of its gradient is
 * not a number or infinite, or if the norm is above a limit that the user has set: without one, every step
 * of finite numbers is good, however large.
 * @param skipGradNorm the limit; 0 for none
 */
export function faultOf({ loss, gradNorm }: StepNumbers, skipGradNorm = 0): string | undefined {
  if (!Number.isFinite(loss)) return `the loss is ${loss}`
  if (!Number.isFinite(gradNorm)) return `the norm of the gradient is ${gradNorm}`
  if (skipGradNorm > 0 && gradNorm > skipGradNorm)
    return `the norm of the gradient is ${Number(gradNorm.toPrecision(4))}, above ${skipGradNorm}`
  return undefined
}
