import type { Tensor4D } from '../../runtime/tf.js'

/** A convolution without bias and the batch normalisation after it, by their names in the state dict. */
export interface NormalisedConvolution {
  /** `layer1.0.conv1`: holds `weight`, in PyTorch (out, in, k, k). */
  readonly convolution: string
  /** `layer1.0.bn1`: holds `weight`, `bias`, `running_mean` and `running_var`. */
  readonly norm: string
  readonly stride: 1 | 2
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
