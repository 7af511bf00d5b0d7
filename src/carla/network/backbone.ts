import type { Tensor2D, Tensor4D } from '../../runtime/tf.js'
import { RESNET_HEADS, type HeadNames } from './heads.js'
import type { BiasedConvolution, NormalisedConvolution, TrainedLayers } from './layers.js'
import { residualNetwork } from './residual-network.js'
import { convolutionsOf, featureCount, type ResidualPlan } from './residual-plan.js'

/** A layer with its shape in PyTorch; it has a bias if nothing normalises it. */
export type SizedLayer = (NormalisedConvolution | (BiasedConvolution & { readonly norm?: undefined })) & {
  readonly shape: readonly [number, number, number, number]
}

/** All of a network but its last layer, as training sees it. */
export interface Backbone {
  /** In the order of the state dict, under torchvision's names. */
  readonly layers: readonly SizedLayer[]
  /** Numbers that come out of it for each picture. */
  readonly features: number
  readonly heads: HeadNames
  readonly normalisation: Normalisation
  /** Share of the features that a regressor's last layer does not see in training. */
  readonly dropout: number
  /** @param x (N, H, W, 3), standardised colours */
  run(x: Tensor4D, layers: TrainedLayers): Tensor2D
}

export interface Normalisation {
  /** What is added to the variance. */
  readonly epsilon: number
  /** How much of a batch's statistics goes into the running ones. */
  readonly momentum: number
}

export function residualBackbone(plan: ResidualPlan): Backbone {
  return {
    layers: convolutionsOf(plan),
    features: featureCount(plan),
    heads: RESNET_HEADS,
    normalisation: { epsilon: 1e-5, momentum: 0.1 },
    dropout: 0,
    run: (x, layers) => residualNetwork(x, plan, layers),
  }
}
