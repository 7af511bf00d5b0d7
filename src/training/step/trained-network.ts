import type { NetworkConfig } from '../../config/model.js'
import { unet } from '../../model/unet.js'
import type { ParametricNetwork } from './gradients.js'

/** The UNet as training sees it: with dropout, where there is any. */
export function trainedNetwork(config: NetworkConfig): ParametricNetwork {
  return (params, conditioning, dropoutSeed, enterLayer) => (x, timesteps) =>
    unet(
      params,
      config,
      { ...conditioning, x, timesteps },
      { ...(config.dropout > 0 && { dropoutSeed }), enterLayer },
    )
}
