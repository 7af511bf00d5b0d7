import type { NetworkConfig } from '../../config/model.js'
import { architecture } from '../../model/architecture.js'
import { unet, type UNetInputs } from '../../model/unet.js'
import type { Parameters } from '../../nn/scope.js'
import { tf, type Tensor, type Tensor3D } from '../../runtime/tf.js'

/** How the frames of some videos attend to each other in one layer. */
export interface AttentionMap {
  /** The layer's prefix in PyTorch's state dict, such as `middle_block.1`. */
  readonly layer: string
  /** One per video, (K, K) in C order: how much frame t (row) takes from frame s (column). Rows add up to 1. */
  readonly videos: readonly Float32Array[]
}

/**
 * The weights of all attention layers over time, from the network's input to its output, averaged over heads
 * and places. One more evaluation of the network, in plain operations: those of our own do not show weights.
 */
export function attentionMaps(
  parameters: Parameters,
  config: NetworkConfig,
  inputs: UNetInputs,
): readonly AttentionMap[] {
  const [B, K] = inputs.x.shape
  const { inputBlocks, middleBlock, outputBlocks } = architecture(config)
  const layers = [...inputBlocks, middleBlock, ...outputBlocks]
    .flat()
    .filter(({ kind }) => kind === 'attention')
  return tf.tidy(() => {
    const seen: Tensor[] = []
    const onAttention = (layer: 'temporal' | 'spatial', weights: Tensor3D) => {
      if (layer === 'temporal') seen.push(tf.mean(tf.reshape(weights, [B, -1, K, K]), 1))
    }
    // Of layers that are computed again in a backward pass the weights would be gone by now.
    unet(parameters, { ...config, use_checkpoint: false }, inputs, { onAttention })
    return seen.map((mean, i) => {
      const values = mean.dataSync<'float32'>()
      return {
        layer: layers[i]?.name ?? '',
        videos: Array.from({ length: B }, (_, b) => values.slice(b * K * K, (b + 1) * K * K)),
      }
    })
  })
}
