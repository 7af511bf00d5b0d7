import { tf, type Tensor5D } from '../../runtime/tf.js'

/**
 * Where a walk begins: at x_T, with nothing carried yet. The caller owns the tensors.
 * @param start x_T, (B, T, H, W, C), not disposed
 */
export function startingState(start: Tensor5D, numCarried: number): [x: Tensor5D, ...carried: Tensor5D[]] {
  return [tf.clone(start), ...Array.from({ length: numCarried }, (): Tensor5D => tf.zerosLike(start))]
}
