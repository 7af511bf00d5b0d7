import type { NetworkConfig } from '../config/model.js'
import { checkpointed } from '../nn/checkpoint.js'
import { conv3x3, upsampledConv3x3 } from '../nn/conv.js'
import { dropout } from '../nn/dropout.js'
import { linear } from '../nn/linear.js'
import { putRows, takeRows } from '../nn/rows.js'
import { scopeOf, type Parameters, type Scope } from '../nn/scope.js'
import { silu } from '../nn/silu.js'
import { timestepEmbedding } from '../nn/timestep-embedding.js'
import { tf, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D, type Tensor5D } from '../runtime/tf.js'
import { architecture, type Layer } from './architecture.js'
import { attentionBias, factorizedAttention, type OnAttention } from './factorized-attention.js'
import { distanceFeatures } from './relative-position.js'
import { normalizeAndActivate, residualBlock } from './residual-block.js'

export interface UNetInputs {
  /** Noisy video, (B, T, H, W, 3). */
  readonly x: Tensor5D
  /** Clean video; only its observed frames are used: (B, T, H, W, 3) in [-1, 1]. */
  readonly x0: Tensor5D
  /** What the network is told of the diffusion time, (B). */
  readonly timesteps: Tensor1D
  /** Position of each frame in its full video, (B, T), int32. */
  readonly frameIndices: Tensor2D
  /** 1 for observed frames, (B, T). */
  readonly obsMask: Tensor2D
  /** 1 for frames to predict, (B, T). */
  readonly latentMask: Tensor2D
  /** The frames whose output is used, as b * T + t: (N), int32. The output of others is 0. Left out: all. */
  readonly outputRows?: Tensor1D | undefined
}

export interface UNetOptions {
  /** Seed of the dropout masks, (2) int32; none: no dropout. */
  readonly dropoutSeed?: Tensor1D | undefined
  /** Receives each attention layer's weights in order of execution; the caller owns them. */
  readonly onAttention?: OnAttention | undefined
  /** Sees the features that enter each layer, and gives those to compute with. */
  readonly enterLayer?: ((features: Tensor4D, layer: string) => Tensor4D) | undefined
}

/**
 * The video UNet of FDM (Harvey et al. 2022, section 4), a pure function of parameters and inputs.
 * @returns (B, T, H, W, 3), or 6 channels with a learned variance
 */
export function unet(
  parameters: Parameters,
  config: NetworkConfig,
  inputs: UNetInputs,
  options: UNetOptions = {},
): Tensor5D {
  const [batch, frames, height, width] = inputs.x.shape
  const net = architecture(config)
  const root = scopeOf(parameters)

  const embedding = embedTime(inputs.timesteps, config, root)
  const distances = distanceFeatures(inputs.frameIndices)
  const bias = attentionBias(tf.minimum(tf.add(inputs.obsMask, inputs.latentMask), 1))
  // After the last temporal attention a frame's features concern its own output alone.
  const last = [...net.inputBlocks, net.middleBlock, ...net.outputBlocks].flat().findLast(isAttention)
  let remaining: Tensor1D | undefined
  let dropouts = 0
  const run = (features: Tensor4D, layer: Layer): Tensor4D => {
    const x = options.enterLayer?.(features, layer.name) ?? features
    switch (layer.kind) {
      case 'conv':
        return conv3x3(x, root.at(layer.name))
      case 'downsample':
        return conv3x3(x, root.at(layer.name).at('op'), 2)
      case 'upsample':
        return upsampledConv3x3(x, root.at(layer.name).at('conv'))
      case 'residual': {
        const { dropoutSeed } = options
        const index = dropouts++
        const drop = (h: Tensor4D) => (dropoutSeed ? dropout(h, config.dropout, dropoutSeed, index) : h)
        const scaleShift = config.use_scale_shift_norm
        const rows = remaining
        return remember(layer, [x, embedding] as const, ([h, time], scope) =>
          residualBlock(h, scope, { frames, rows, embedding: time, scaleShift, dropout: drop }),
        )
      }
      case 'attention': {
        if (layer === last) remaining = inputs.outputRows
        const rows = remaining
        return remember(layer, [x, embedding, distances, bias] as const, ([h, time, d, b], scope) => {
          const context = { batch, frames, rows, embedding: time, distances: d, attentionBias: b }
          return factorizedAttention(h, scope, layer.heads, { ...context, onAttention: options.onAttention })
        })
      }
    }
  }
  /**
   * Runs a layer plainly, or recomputes it in the backward pass if the configuration says so. Tensors that
   * the network made come in as arguments, because those of a closure are gone by then.
   */
  const remember = <T extends readonly Tensor[]>(
    { name }: Layer,
    tensors: T,
    body: (tensors: T, scope: Scope) => Tensor4D,
  ): Tensor4D => {
    if (!config.use_checkpoint) return body(tensors, root.at(name))
    const own = new Map([...parameters].filter(([parameter]) => parameter.startsWith(`${name}.`)))
    return checkpointed((values, parts) => body(values, scopeOf(parts, `${name}.`)), tensors, own)
  }

  let h = networkInput(inputs)
  const skips: Tensor4D[] = []
  for (const block of net.inputBlocks) {
    h = block.reduce(run, h)
    skips.push(h)
  }
  h = net.middleBlock.reduce(run, h)
  for (const block of net.outputBlocks) {
    const skip = skips.pop()
    if (!skip) throw new Error('the architecture has fewer skips than output blocks')
    h = block.reduce(run, tf.concat([h, remaining ? takeRows(skip, remaining) : skip], 3))
  }
  const out = root.at('out')
  const output = conv3x3(normalizeAndActivate(h, out.at('0')), out.at('2'))
  const complete = remaining ? putRows(output, remaining, batch * frames) : output
  return tf.reshape(complete, [batch, frames, height, width, net.outputChannels])
}

const isAttention = ({ kind }: Layer) => kind === 'attention'

/** Sinusoids of the time, then two linear layers: (B) to (B, 4ch). */
function embedTime(timesteps: Tensor1D, config: NetworkConfig, root: Scope): Tensor2D {
  const layers = root.at('time_embed')
  const sinusoids = timestepEmbedding(timesteps, config.num_channels)
  return linear(silu(linear(sinusoids, layers.at('0'))), layers.at('2')) as Tensor2D
}

/** Noisy frames, clean where observed, with the observed flag as fourth channel: (B*T, H, W, 4). */
function networkInput({ x, x0, obsMask }: UNetInputs): Tensor4D {
  const [batch, frames, height, width, channels] = x.shape
  const observed = tf.reshape(obsMask, [batch, frames, 1, 1, 1])
  const mixed = tf.add(tf.mul(x, tf.sub(1, observed)), tf.mul(x0, observed))
  const flags = tf.broadcastTo(observed, [batch, frames, height, width, 1])
  return tf.reshape(tf.concat([mixed, flags], 4), [batch * frames, height, width, channels + 1])
}
