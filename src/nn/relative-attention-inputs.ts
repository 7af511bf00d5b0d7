import type { Tensor3D, Tensor4D } from '../runtime/tf.js'

/** Attention among T frames, at each of D places by itself. */
export interface RelativeAttentionInputs {
  /** (B, D, T, 3C), the last axis laid out as (3, heads, F). */
  readonly qkv: Tensor4D
  /** Relative-position vectors of frames t and s, (B, T, T, C) each, t first. */
  readonly relativeQ: Tensor4D
  readonly relativeK: Tensor4D
  readonly relativeV: Tensor4D
  /** Added to the logits of all heads at all places: (B, T, T). No gradient flows to it. */
  readonly bias: Tensor3D
}
