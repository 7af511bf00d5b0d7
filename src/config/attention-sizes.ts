import { UserError } from '../errors.js'
import { channelMultipliers, type NetworkConfig } from './model.js'

/**
 * The sizes among `attention_resolutions` that no feature map of the network has: nothing attends there.
 * @throws UserError for a size that frames cannot be halved down to, which is never meant. For new models
 *   only: the original took such sizes, and what it trained with them is still to be loaded.
 */
export function absentAttentionSizes(
  config: Pick<NetworkConfig, 'image_size' | 'attention_resolutions'>,
): readonly number[] {
  const sizes = config.attention_resolutions.split(',').map(Number)
  const odd = sizes.find((size) => config.image_size % size !== 0)
  if (odd !== undefined)
    throw new UserError(
      `--attention_resolutions ${config.attention_resolutions}: no feature map is ${odd} pixels wide; ` +
        `those of this network are ${featureMapSizes(config).join(', ')}`,
    )
  return sizes.filter((size) => !featureMapSizes(config).includes(size))
}

/** Width of the feature maps of each level, from the outermost in. */
export function featureMapSizes(config: Pick<NetworkConfig, 'image_size'>): readonly number[] {
  return channelMultipliers(config).map((_, level) => config.image_size / 2 ** level)
}
