import { linear } from '../nn/linear.js'
import { scopeOf, type Parameters } from '../nn/scope.js'
import type { Tensor2D, Tensor4D } from '../runtime/tf.js'
import { foldedLayers, foldNormalised, type NamedWeights } from './network/folded-layers.js'
import { readHeads, type LocatorKind } from './network/heads.js'
import { residualNetwork } from './network/residual-network.js'
import { convolutionsOf, featureCount, planOf, type ResidualPlan } from './network/residual-plan.js'
import { standardiseFrames } from './standardise-frames.js'

/** A ResNet with one linear layer at its end, ready to run. */
export interface PictureNetwork {
  readonly plan: ResidualPlan
  /** The layers with fixed statistics folded in, and `last.weight` (features, out), `last.bias` (out). */
  readonly parameters: Parameters
}

/**
 * @param heads where the last layer comes from
 * @throws UserError naming the file and the tensor that is missing or has another shape.
 */
export function readPictureNetwork(
  backbone: NamedWeights,
  heads: { readonly weights: NamedWeights; readonly kind: LocatorKind },
): PictureNetwork {
  const names = [...backbone.tensors.keys()].filter((name) => name.startsWith(backbone.prefix))
  const plan = planOf(backbone.file, new Set(names.map((name) => name.slice(backbone.prefix.length))))
  const parameters = foldNormalised(backbone, convolutionsOf(plan))
  const last = readHeads(heads.weights, heads.kind, featureCount(plan))
  parameters.set('last.weight', last.weight).set('last.bias', last.bias)
  return { plan, parameters }
}

/**
 * @param frames (N, H, W, 3), 0..255
 * @returns (N, out)
 */
export function runPictureNetwork(frames: Tensor4D, plan: ResidualPlan, parameters: Parameters): Tensor2D {
  const features = residualNetwork(standardiseFrames(frames), plan, foldedLayers(parameters))
  return linear(features, scopeOf(parameters, 'last.')) as Tensor2D
}
