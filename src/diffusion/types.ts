import type { Tensor1D, Tensor2D, Tensor5D } from '../runtime/tf.js'

/**
 * The trained network with its conditioning closed over.
 * @param x noisy video, (B, T, H, W, C), in [-1, 1] scale
 * @param timesteps what the network is told of the time, (B)
 * @returns (B, T, H, W, C), or 2C with a learned variance: first the prediction, then the variance values
 */
export type Network = (x: Tensor5D, timesteps: Tensor1D) => Tensor5D

/** What is known and asked of each video when frames are denoised. */
export interface Conditioning {
  /** Clean video, (B, T, H, W, C) in [-1, 1]; only its observed frames are used. */
  readonly x0: Tensor5D
  /** 1 where a frame is given, else 0: (B, T). */
  readonly obsMask: Tensor2D
  /** 1 where a frame is to be predicted, else 0: (B, T). Neither: padding. */
  readonly latentMask: Tensor2D
  /** Position of each frame in its full video: (B, T), int32. */
  readonly frameIndices: Tensor2D
  /**
   * The frames whose output is used, as b * T + t: (N), int32, each at most once. The output of others is 0,
   * and costs less. Left out: all.
   */
  readonly outputRows?: Tensor1D | undefined
}

/** What one look at x_t gives: the model's p(x_{t-1} | x_t) and its guess of x_0. All (B, T, H, W, C). */
export interface Denoised {
  readonly predXStart: Tensor5D
  readonly mean: Tensor5D
  readonly logVariance: Tensor5D
}

/** One look at x_t at (respaced) step t, the same for every video of the batch. Caller owns the tensors. */
export type Denoiser = (x: Tensor5D, t: number) => Denoised

/** Where a sampler gets its normal noise: called once per step that needs it, of the shape of x. */
export type NoiseSource = (t: number) => Tensor5D

/** Where a walk is: x_t, and what its sampler carries from step to step, of the shape of x. */
export type SamplerState = readonly [x: Tensor5D, ...carried: Tensor5D[]]

/** How one step leads from x_t to x_{t-1}. What depends on t is fed, so that one recording serves all steps. */
export interface SamplerStep {
  readonly name: string
  /** The steps are t = numTimesteps - 1, ..., 0. */
  readonly numTimesteps: number
  /** How many tensors of the shape of x are carried from step to step besides it: zeros before the first. */
  readonly numCarried: number
  /** The numbers that `update` needs at step t, as many at every step; the last one is the noise's, or 0. */
  readonly weights: (t: number) => readonly number[]
  /**
   * x_{t-1} from x_t and what was seen there, pure in its tensors, with what the next step is to have. It owns none
   * of the tensors that it is given and disposes of none; it may return them as they are, also one in two places.
   * What it makes on the way need not be disposed of; what it returns is the caller's.
   * @param state x_t and what was carried here, each (B, T, H, W, C)
   * @param denoised what the network says of x_t, each (B, T, H, W, C)
   * @param weights of this step, as a tensor (n)
   * @param noise draws standard-normal noise of the shape of x, once a step; at steps whose last weight is 0, which
   *   is to be its factor, it may give zeros
   * @returns as many tensors as `state` has, each (B, T, H, W, C)
   */
  readonly update: (
    state: SamplerState,
    denoised: Denoised,
    weights: Tensor1D,
    noise: () => Tensor5D,
  ) => SamplerState
}

/** Walks from pure noise x_T to a sample x_0. Owns its temporaries; the caller owns what it returns. */
export interface Sampler extends SamplerStep {
  sample(run: SamplerRun): Promise<Tensor5D>
}

export interface SamplerRun {
  readonly denoise: Denoiser
  /** x_T, (B, T, H, W, C), standard normal. Not disposed. */
  readonly start: Tensor5D
  readonly noise: NoiseSource
  /** Called after each step with the number of steps done and in total. */
  readonly onStep?: (done: number, total: number) => void
}
