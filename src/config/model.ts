import { UserError } from '../errors.js'
import { expectObject } from '../expect.js'
import { choice, flag, float, int, requireConfig, resolveConfig, text, type ConfigOf } from './option.js'

/** Everything that shapes the network. Defaults are the original's. */
export const networkOptions = {
  image_size: int(64, 'height and width of a frame in pixels: 32, 64, 128 or 256'),
  num_channels: int(128, 'channels of the first level; deeper levels have multiples of it', { min: 32 }),
  num_res_blocks: int(2, 'residual blocks per level', { min: 1 }),
  num_heads: int(4, 'attention heads', { min: 1 }),
  num_heads_upsample: int(-1, 'attention heads on the way up (-1: as many as on the way down)', { min: -1 }),
  attention_resolutions: text('16,8', 'feature-map sizes at which frames and places attend to each other'),
  dropout: float(0, 'dropout rate inside residual blocks', { min: 0, max: 0.999 }),
  learn_sigma: flag(false, 'also predict the variance of each denoising step'),
  class_cond: flag(false, 'has no effect, as in the original: there are no classes'),
  use_checkpoint: flag(false, 'recompute activations in the backward pass to save memory'),
  use_scale_shift_norm: flag(true, 'inject the timestep as a scale and shift of the normalised features'),
  use_rpe_net: flag(true, 'relative positions from a network; only True works'),
} as const

/** Everything that shapes the diffusion process. Defaults are the original's. */
export const diffusionOptions = {
  learn_sigma: networkOptions.learn_sigma,
  sigma_small: flag(false, 'sample with the posterior variance rather than beta'),
  diffusion_steps: int(1000, 'steps of the diffusion process', { min: 1 }),
  noise_schedule: choice('linear', ['linear', 'cosine'], 'noise schedule'),
  timestep_respacing: text('', 'steps to use: "250", "ddim50", or per section "10,20,30" (default: all)'),
  use_kl: flag(false, 'train on the variational bound'),
  predict_xstart: flag(false, 'predict the clean frames instead of the noise'),
  rescale_timesteps: flag(true, 'tell the network timesteps scaled to 0..1000'),
  rescale_learned_sigmas: flag(true, 'scale the variational term of a learned variance by steps / 1000'),
} as const

/** All options of model and diffusion, as a checkpoint's config holds them. */
export const modelOptions = { ...networkOptions, ...diffusionOptions } as const

/** Options that say how a step is computed, or nothing at all, not what the parameters mean: a run may change them. */
const CHANGEABLE: readonly string[] = ['dropout', 'use_checkpoint', 'class_cond']

/** Options that a checkpoint's parameters are bound to: with another value they mean nothing. */
export const fixedModelOptions: readonly string[] = Object.keys(modelOptions).filter(
  (name) => !CHANGEABLE.includes(name),
)

export type NetworkConfig = ConfigOf<typeof networkOptions>
export type DiffusionConfig = ConfigOf<typeof diffusionOptions>
export type ModelConfig = NetworkConfig & DiffusionConfig

/** Channel multipliers of the levels, by image size (reference: the original's fixed table). */
const CHANNEL_MULTIPLIERS: Readonly<Record<number, readonly number[]>> = {
  32: [1, 2, 2, 2],
  64: [1, 2, 3, 4],
  128: [1, 1, 2, 3, 4],
  256: [1, 1, 2, 2, 4, 4],
}

/**
 * Checks a record of options, from the command line or a checkpoint, and fills in defaults. Others than those of
 * model and diffusion, such as a checkpoint's options of training, are left out.
 * @throws UserError naming the option and what it expects.
 */
export function fillModelConfig(
  values: Partial<ModelConfig> | Readonly<Record<string, unknown>>,
): ModelConfig {
  expectObject('resolveModelConfig takes options by name', values, {})
  const config: ModelConfig = resolveConfig(modelOptions, values)
  checkNetwork(config)
  return config
}

/**
 * Checks a complete configuration of a network.
 * @param where what takes it, for the message
 * @throws UserError naming the option and what it expects.
 */
export function requireNetworkConfig(where: string, config: NetworkConfig): void {
  requireConfig(where, networkOptions, config)
  checkNetwork(config)
}

/** What options ask of one another. */
function checkNetwork(config: NetworkConfig): void {
  if (!config.use_rpe_net) throw new UserError('--use_rpe_net False is not supported: use the default, True')
  channelMultipliers(config)
  attentionFactors(config)
  const { num_channels: channels, num_heads: heads, num_heads_upsample: headsUp } = config
  if (channels % 32 !== 0) throw new UserError(`--num_channels must be a multiple of 32, not ${channels}`)
  if (channels % heads !== 0)
    throw new UserError(`--num_heads ${heads} does not divide --num_channels ${channels}`)
  if (headsUp !== -1 && (headsUp === 0 || channels % headsUp !== 0))
    throw new UserError(`--num_heads_upsample ${headsUp} does not divide --num_channels ${channels}`)
}

/**
 * Channel multiplier of each level, from the outermost in.
 * @throws UserError for an image size the architecture does not define.
 */
export function channelMultipliers(config: Pick<NetworkConfig, 'image_size'>): readonly number[] {
  const multipliers = CHANNEL_MULTIPLIERS[config.image_size]
  if (!multipliers)
    throw new UserError(
      `--image_size must be one of ${Object.keys(CHANNEL_MULTIPLIERS).join(', ')}, not ${config.image_size}`,
    )
  return multipliers
}

/**
 * Downsampling factors at which attention takes place.
 * @throws UserError if `attention_resolutions` is not a list of sizes.
 */
export function attentionFactors(
  config: Pick<NetworkConfig, 'image_size' | 'attention_resolutions'>,
): ReadonlySet<number> {
  const sizes = config.attention_resolutions.split(',').map(Number)
  if (sizes.some((size) => !Number.isInteger(size) || size < 1))
    throw new UserError(
      `--attention_resolutions takes sizes such as "16,8", not "${config.attention_resolutions}"`,
    )
  return new Set(sizes.map((size) => Math.floor(config.image_size / size)))
}
