import { linear } from '../nn/linear.js'
import { scopeOf, type Parameters } from '../nn/scope.js'
import { tf, type Tensor, type Tensor2D, type Tensor4D } from '../runtime/tf.js'
import { foldedLayers, foldNormalised, readWeight, type NamedWeights } from './network/folded-layers.js'
import { residualNetwork } from './network/residual-network.js'
import { blocksOf, featureCount, FIRST, planOf, type ResidualPlan } from './network/residual-plan.js'
import { standardiseFrames } from './standardise-frames.js'

/** A ResNet with one linear layer at its end, ready to run. */
export interface PictureNetwork {
  readonly plan: ResidualPlan
  /** The layers with fixed statistics folded in, and `last.weight` (features, out), `last.bias` (out). */
  readonly parameters: Parameters
}

/**
 * @param heads where the last layer's rows come from: `fc`, or several layers whose rows follow one another
 * @param rows of each of them
 * @throws UserError naming the file and the tensor that is missing or has another shape.
 */
export function readPictureNetwork(
  backbone: NamedWeights,
  heads: { readonly weights: NamedWeights; readonly names: readonly string[]; readonly rows: number },
): PictureNetwork {
  const names = [...backbone.tensors.keys()].filter((name) => name.startsWith(backbone.prefix))
  const plan = planOf(backbone.file, new Set(names.map((name) => name.slice(backbone.prefix.length))))
  const features = featureCount(plan)
  const convolutions = blocksOf(plan).flatMap(({ convolutions, shortcut }) =>
    shortcut ? [...convolutions, shortcut] : [...convolutions],
  )
  const parameters = foldNormalised(backbone, [FIRST, ...convolutions])
  const count = heads.names.length * heads.rows
  const matrix = new Float32Array(count * features)
  const bias = new Float32Array(count)
  heads.names.forEach((name, i) => {
    matrix.set(readWeight(heads.weights, `${name}.weight`, [heads.rows, features]), i * heads.rows * features)
    bias.set(readWeight(heads.weights, `${name}.bias`, [heads.rows]), i * heads.rows)
  })
  parameters.set(
    'last.weight',
    tf.tidy((): Tensor => tf.transpose(tf.tensor2d(matrix, [count, features]))),
  )
  parameters.set('last.bias', tf.tensor1d(bias))
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
