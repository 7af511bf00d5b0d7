import type { NetworkConfig } from '../config/model.js'
import { architecture, type Layer } from './architecture.js'

/**
 * Floating-point operations of convolutions and matrix products in one evaluation of the network, a
 * multiplication and an addition counting as two. Of relative positions what is needed: their networks run
 * once per pair of frames, not once per place. A training step has three times as many, but for the
 * gradient of the input, which nobody asks for.
 * @param batch B, videos
 * @param frames T, frames of each
 */
export function networkFlops(config: NetworkConfig, batch: number, frames: number): number {
  const net = architecture(config)
  const pictures = batch * frames
  const perChannel = config.use_scale_shift_norm ? 2 : 1
  let size = config.image_size
  let products = batch * (config.num_channels * net.embeddingSize + net.embeddingSize ** 2)
  const convolution = (channelsIn: number, channelsOut: number, width: number) =>
    pictures * size ** 2 * channelsIn * channelsOut * width ** 2

  const add = (layer: Layer) => {
    switch (layer.kind) {
      case 'conv':
        products += convolution(layer.channelsIn, layer.channelsOut, 3)
        break
      case 'downsample':
        size /= 2
        products += convolution(layer.channels, layer.channels, 3)
        break
      case 'upsample':
        size *= 2
        products += convolution(layer.channels, layer.channels, 3)
        break
      case 'residual': {
        const { channelsIn, channelsOut } = layer
        products += convolution(channelsIn, channelsOut, 3) + convolution(channelsOut, channelsOut, 3)
        if (channelsIn !== channelsOut) products += convolution(channelsIn, channelsOut, 1)
        products += batch * net.embeddingSize * perChannel * channelsOut
        break
      }
      case 'attention':
        products += attention(layer.channels, size ** 2)
    }
  }
  const attention = (channels: number, places: number) => {
    const vectors = pictures * places
    const projections = 2 * vectors * 4 * channels ** 2 // qkv and out, over time and over space
    const overTime = vectors * frames * channels * 2
    const overSpace = vectors * places * channels * 2
    const relative = vectors * frames * channels * 3
    const pairs = batch * frames ** 2 * channels * (3 + channels) + batch * net.embeddingSize * channels
    return projections + overTime + overSpace + relative + 3 * pairs
  }

  for (const block of [...net.inputBlocks, net.middleBlock, ...net.outputBlocks]) block.forEach(add)
  products += convolution(net.finalChannels, net.outputChannels, 3)
  return 2 * products
}
