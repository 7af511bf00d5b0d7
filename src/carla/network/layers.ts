import type { Tensor2D, Tensor4D } from '../../runtime/tf.js'

/** A convolution without bias and the batch normalisation after it, by their names in the state dict. */
export interface NormalisedConvolution {
  /** `layer1.0.conv1`: holds `weight`, in PyTorch (out, in, k, k). */
  readonly convolution: string
  /** `layer1.0.bn1`: holds `weight`, `bias`, `running_mean` and `running_var`. */
  readonly norm: string
  readonly stride: 1 | 2
  /** Whether each channel has its own kernel: (channels, 1, k, k). */
  readonly depthwise?: boolean
}

/** A 1x1 convolution with a bias and nothing after it. */
export interface BiasedConvolution {
  readonly convolution: string
}

/**
 * How a network computes its layers: with fixed statistics, folded into the convolutions, or with those of the
 * batch at hand. The network itself is written once, for either.
 */
export interface Layers {
  /**
   * @param x (N, H, W, in)
   * @returns (N, H / stride, W / stride, out), padded by half the kernel on every side, as PyTorch does
   */
  normalised(x: Tensor4D, layer: NormalisedConvolution): Tensor4D
}

/** Layers of all kinds there are, for training and for testing what is trained. */
export interface TrainedLayers extends Layers {
  biased(x: Tensor4D, layer: BiasedConvolution): Tensor4D
  /**
   * Stochastic depth (Huang et al. 2016): in training, zeroes all of x for a share of the pictures, and scales
   * it for the others.
   * @param index tells the calls of a step apart, from 1
   */
  skipped(x: Tensor4D, share: number, index: number): Tensor4D
  /** Dropout: in training, zeroes a share of the features, and scales the others. */
  dropped(features: Tensor2D, share: number): Tensor2D
}
