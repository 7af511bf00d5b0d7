import type { NetworkConfig } from '../config/model.js'
import { elementCount } from '../element-count.js'
import { architecture, type Architecture, type Layer } from './architecture.js'

/** One parameter as PyTorch's state dict has it. */
export interface ParameterSpec {
  readonly name: string
  /** PyTorch's shape: (out, in, kh, kw), (out, in) or (channels). */
  readonly shape: readonly number[]
  readonly initial:
    | { readonly kind: 'zeros' }
    | { readonly kind: 'ones' }
    /** Uniform in [-bound, bound]: PyTorch's default for weights and biases, 1 / sqrt(fan in). */
    | { readonly kind: 'uniform'; readonly bound: number }
}

/** All parameters of a configuration, in PyTorch's order, which the optimizer's file depends on. */
export function parameterSpecs(config: NetworkConfig): readonly ParameterSpec[] {
  const net = architecture(config)
  const layers = [...net.inputBlocks, net.middleBlock, ...net.outputBlocks].flat()
  return [
    ...linearSpecs('time_embed.0', config.num_channels, net.embeddingSize),
    ...linearSpecs('time_embed.2', net.embeddingSize, net.embeddingSize),
    ...layers.flatMap((layer) => layerSpecs(layer, net, config)),
    ...normSpecs('out.0', net.finalChannels),
    ...zero(convSpecs('out.2', net.finalChannels, net.outputChannels, 3)),
  ]
}

/** How many numbers the network has. */
export function parameterCount(config: NetworkConfig): number {
  return parameterSpecs(config).reduce((sum, { shape }) => sum + elementCount(shape), 0)
}

function layerSpecs(layer: Layer, net: Architecture, config: NetworkConfig): readonly ParameterSpec[] {
  const { name } = layer
  switch (layer.kind) {
    case 'conv':
      return convSpecs(name, layer.channelsIn, layer.channelsOut, 3)
    case 'downsample':
      return convSpecs(`${name}.op`, layer.channels, layer.channels, 3)
    case 'upsample':
      return convSpecs(`${name}.conv`, layer.channels, layer.channels, 3)
    case 'residual': {
      const { channelsIn, channelsOut } = layer
      const perChannel = config.use_scale_shift_norm ? 2 : 1
      return [
        ...normSpecs(`${name}.in_layers.0`, channelsIn),
        ...convSpecs(`${name}.in_layers.2`, channelsIn, channelsOut, 3),
        ...linearSpecs(`${name}.emb_layers.1`, net.embeddingSize, perChannel * channelsOut),
        ...normSpecs(`${name}.out_layers.0`, channelsOut),
        ...zero(convSpecs(`${name}.out_layers.3`, channelsOut, channelsOut, 3)),
        ...(channelsIn === channelsOut
          ? []
          : convSpecs(`${name}.skip_connection`, channelsIn, channelsOut, 1)),
      ]
    }
    case 'attention':
      return [
        ...attentionSpecs(`${name}.spatial_attention`, layer.channels),
        ...attentionSpecs(`${name}.temporal_attention`, layer.channels),
        ...['rpe_q', 'rpe_k', 'rpe_v'].flatMap((role) =>
          relativePositionSpecs(
            `${name}.temporal_attention.${role}.rpe_net`,
            layer.channels,
            net.embeddingSize,
          ),
        ),
      ]
  }
}

function attentionSpecs(name: string, channels: number): readonly ParameterSpec[] {
  return [
    ...linearSpecs(`${name}.qkv`, channels, 3 * channels),
    ...zero(linearSpecs(`${name}.proj_out`, channels, channels)),
    ...normSpecs(`${name}.norm`, channels),
  ]
}

function relativePositionSpecs(
  name: string,
  channels: number,
  embeddingSize: number,
): readonly ParameterSpec[] {
  return [
    ...linearSpecs(`${name}.embed_distances`, 3, channels),
    ...linearSpecs(`${name}.embed_diffusion_time`, embeddingSize, channels),
    ...zero(linearSpecs(`${name}.out`, channels, channels)),
  ]
}

function linearSpecs(name: string, inputs: number, outputs: number): readonly ParameterSpec[] {
  return weightAndBias(name, [outputs, inputs], inputs)
}

function convSpecs(
  name: string,
  channelsIn: number,
  channelsOut: number,
  size: number,
): readonly ParameterSpec[] {
  return weightAndBias(name, [channelsOut, channelsIn, size, size], channelsIn * size * size)
}

function weightAndBias(name: string, shape: readonly number[], fanIn: number): readonly ParameterSpec[] {
  const initial = { kind: 'uniform', bound: 1 / Math.sqrt(fanIn) } as const
  return [
    { name: `${name}.weight`, shape, initial },
    { name: `${name}.bias`, shape: shape.slice(0, 1), initial },
  ]
}

function normSpecs(name: string, channels: number): readonly ParameterSpec[] {
  return [
    { name: `${name}.weight`, shape: [channels], initial: { kind: 'ones' } },
    { name: `${name}.bias`, shape: [channels], initial: { kind: 'zeros' } },
  ]
}

function zero(specs: readonly ParameterSpec[]): readonly ParameterSpec[] {
  return specs.map((spec) => ({ ...spec, initial: { kind: 'zeros' } }))
}
