import type { Tensor, Tensor3D } from '../runtime/tf.js'
import { fusedGroupNorm, hasFusedGroupNorm } from './fused-group-norm.js'
import type { Activation } from './group-norm-settings.js'
import { plainGroupNorm } from './plain-group-norm.js'

/**
 * Group normalisation (Wu & He 2018; 32 groups, eps 1e-5) with its affine map, then SiLU if asked for.
 * @param x (N, M, C); each row's statistics span its M places and the C / 32 channels of a group
 * @param gamma scale of each channel, (N, C) or (1, C)
 * @param beta shift of each channel, of the same shape
 * @returns (N, M, C)
 */
export function groupNorm(x: Tensor3D, gamma: Tensor, beta: Tensor, activation: Activation): Tensor3D {
  return (hasFusedGroupNorm() ? fusedGroupNorm : plainGroupNorm)(x, gamma, beta, activation)
}
