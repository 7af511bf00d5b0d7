import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fillModelConfig, type ModelConfig } from '../../src/config/model.js'
import { createDiffusion, type GaussianDiffusion } from '../../src/diffusion/gaussian-diffusion.js'
import { createModel, type VideoModel } from '../../src/model/video-model.js'
import { tf, type Tensor, type Tensor2D, type Tensor5D } from '../../src/runtime/tf.js'
import { signed, weight, type Summary } from './golden.js'

type Chain = readonly { readonly sample: Summary; readonly pred_xstart: Summary }[]
interface Attention {
  readonly shape: readonly number[]
  readonly summary: Summary
}

/** `case.json` of a golden network, as golden data describes it. */
export interface UNetCase {
  readonly prefix: string
  readonly config: Readonly<Record<string, unknown>>
  readonly batch: number
  readonly frames: number
  readonly t: readonly number[]
  readonly frame_indices: number[][]
  readonly obs_mask: number[][]
  readonly latent_mask: number[][]
  readonly num_timesteps: number
  readonly n_params: number
  readonly parameters: Readonly<Record<string, readonly number[]>>
  readonly x_t: Summary
  readonly model_out: Summary
  readonly attention: { readonly temporal: readonly Attention[]; readonly spatial: readonly Attention[] }
  readonly losses: Readonly<Record<string, readonly number[]>>
  readonly loss_mask: string
  readonly gradients: Readonly<Record<string, Summary>>
  readonly adamw: {
    readonly lr: number
    readonly betas: readonly [number, number]
    readonly eps: number
    readonly weight_decay: number
    readonly change: Readonly<Record<string, Summary>>
  }
  readonly chain: {
    readonly t: readonly number[]
    readonly eta: number
    readonly ddpm: Chain
    readonly ddim: Chain
  }
  readonly bpd: {
    readonly t_seq: readonly number[]
    readonly values: {
      readonly total_bpd: readonly number[]
      readonly prior_bpd: readonly number[]
      readonly vb: readonly (readonly number[])[]
      readonly xstart_mse: readonly (readonly number[])[]
      readonly mse: readonly (readonly number[])[]
    }
  }
}

/** A golden case with its network, diffusion and inputs on the current backend. */
export interface LoadedCase {
  readonly golden: UNetCase
  readonly config: ModelConfig
  readonly model: VideoModel
  readonly diffusion: GaussianDiffusion
  readonly conditioning: {
    readonly x0: Tensor5D
    readonly obsMask: Tensor2D
    readonly latentMask: Tensor2D
    readonly frameIndices: Tensor2D
  }
  /** An input made from its name: uniform in [-1, 1), times sqrt(3) where it stands for noise. */
  readonly input: (name: 'x0' | 'noise' | 'start' | `step-noise-${number}`) => Tensor5D
}

export function readCase(directory: string): UNetCase {
  return JSON.parse(readFileSync(path.join(directory, 'case.json'), 'utf8')) as UNetCase
}

export function loadCase(golden: UNetCase): LoadedCase {
  const config = fillModelConfig(golden.config)
  const parameters = new Map(
    Object.entries(golden.parameters).map(([name, shape]) => {
      const values = weight(name, shape, golden.prefix)
      return [name, { shape, toFloat32: () => values }] as const
    }),
  )
  const shape = [golden.batch, golden.frames, 3, config.image_size, config.image_size]
  const input: LoadedCase['input'] = (name) => {
    const scale = name === 'x0' ? 1 : Math.sqrt(3)
    const values = Float32Array.from(signed(golden.prefix + name, shape), (value) => value * scale)
    return toChannelsLast(tf.tensor(values, shape))
  }
  return {
    golden,
    config,
    model: createModel(config, { parameters }),
    diffusion: createDiffusion(config),
    conditioning: {
      x0: input('x0'),
      obsMask: tf.tensor2d(golden.obs_mask),
      latentMask: tf.tensor2d(golden.latent_mask),
      frameIndices: tf.tensor2d(golden.frame_indices, undefined, 'int32'),
    },
    input,
  }
}

const toChannelsLast = (x: Tensor): Tensor5D => tf.tidy(() => tf.transpose(x as Tensor5D, [0, 1, 3, 4, 2]))

/** Values in the original's (B, T, C, H, W) order, with that shape. */
export function channelsFirst(x: Tensor5D): { values: Float32Array; shape: number[] } {
  return tf.tidy(() => {
    const moved = tf.transpose(x, [0, 1, 4, 2, 3])
    return { values: moved.dataSync<'float32'>(), shape: [...moved.shape] }
  })
}
