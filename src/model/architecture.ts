import { attentionFactors, channelMultipliers, type NetworkConfig } from '../config/model.js'

/** One layer of the UNet as data. `name` is its prefix in PyTorch's state dict. */
export type Layer =
  | {
      readonly kind: 'conv' | 'residual'
      readonly name: string
      readonly channelsIn: number
      readonly channelsOut: number
    }
  | { readonly kind: 'attention'; readonly name: string; readonly channels: number; readonly heads: number }
  | { readonly kind: 'downsample' | 'upsample'; readonly name: string; readonly channels: number }

/** Layers that run one after the other; between blocks features are kept for, or taken from, skips. */
export type Block = readonly Layer[]

export interface Architecture {
  /** Channels that the network sees: colours and the observed flag. */
  readonly inputChannels: number
  /** 3, or 6 with a learned variance. */
  readonly outputChannels: number
  /** Size of the time embedding, 4 * num_channels. */
  readonly embeddingSize: number
  /** Channels entering the last normalisation. */
  readonly finalChannels: number
  readonly inputBlocks: readonly Block[]
  readonly middleBlock: Block
  readonly outputBlocks: readonly Block[]
}

/**
 * The video UNet of a configuration, the single description that parameters and computation both follow.
 * @throws UserError for an image size the architecture does not define.
 */
export function architecture(config: NetworkConfig): Architecture {
  const multipliers = channelMultipliers(config)
  const attended = attentionFactors(config)
  const base = config.num_channels
  const headsUp = config.num_heads_upsample === -1 ? config.num_heads : config.num_heads_upsample

  const inputBlocks: Block[] = [
    [{ kind: 'conv', name: 'input_blocks.0.0', channelsIn: 4, channelsOut: base }],
  ]
  const skips = [base]
  let channels = base
  let factor = 1
  for (const [level, multiplier] of multipliers.entries()) {
    for (let i = 0; i < config.num_res_blocks; i++) {
      const name = `input_blocks.${inputBlocks.length}`
      const channelsOut = multiplier * base
      const block: Layer[] = [{ kind: 'residual', name: `${name}.0`, channelsIn: channels, channelsOut }]
      channels = channelsOut
      if (attended.has(factor))
        block.push({ kind: 'attention', name: `${name}.1`, channels, heads: config.num_heads })
      inputBlocks.push(block)
      skips.push(channels)
    }
    if (level < multipliers.length - 1) {
      inputBlocks.push([{ kind: 'downsample', name: `input_blocks.${inputBlocks.length}.0`, channels }])
      skips.push(channels)
      factor *= 2
    }
  }

  const middleBlock: Block = [
    { kind: 'residual', name: 'middle_block.0', channelsIn: channels, channelsOut: channels },
    { kind: 'attention', name: 'middle_block.1', channels, heads: config.num_heads },
    { kind: 'residual', name: 'middle_block.2', channelsIn: channels, channelsOut: channels },
  ]

  const outputBlocks: Block[] = []
  for (const [level, multiplier] of [...multipliers.entries()].reverse()) {
    for (let i = 0; i <= config.num_res_blocks; i++) {
      const name = `output_blocks.${outputBlocks.length}`
      const channelsIn = channels + (skips.pop() ?? 0)
      channels = multiplier * base
      const block: Layer[] = [{ kind: 'residual', name: `${name}.0`, channelsIn, channelsOut: channels }]
      if (attended.has(factor)) block.push({ kind: 'attention', name: `${name}.1`, channels, heads: headsUp })
      if (level > 0 && i === config.num_res_blocks) {
        block.push({ kind: 'upsample', name: `${name}.${block.length}`, channels })
        factor /= 2
      }
      outputBlocks.push(block)
    }
  }

  return {
    inputChannels: 4,
    outputChannels: config.learn_sigma ? 6 : 3,
    embeddingSize: 4 * base,
    finalChannels: channels,
    inputBlocks,
    middleBlock,
    outputBlocks,
  }
}
