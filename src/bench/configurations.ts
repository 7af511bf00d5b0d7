import { fillModelConfig, type ModelConfig } from '../config/model.js'
import { UserError } from '../errors.js'

/** A network and the batch it is given. */
export interface BenchConfiguration {
  /** As it is typed, such as `64px-32c-1b-B1-T5`. */
  readonly name: string
  readonly model: ModelConfig
  /** B: videos. */
  readonly batch: number
  /** T: frames of each. */
  readonly frames: number
}

/** The smallest one, to see that everything works. */
export const QUICK_CONFIGURATION = '32px-32c-1b-B1-T2'

/**
 * Reads configurations separated by commas: size of frames, channels, residual blocks per level, videos, frames.
 * @throws UserError for one that is not of that form, or a network that does not exist.
 */
export function parseConfigurations(list: string): readonly BenchConfiguration[] {
  return list.split(',').map((word) => {
    const name = word.trim()
    const match = /^(\d+)px-(\d+)c-([1-9]\d*)b-B([1-9]\d*)-T([1-9]\d*)$/.exec(name)
    if (!match)
      throw new UserError(
        `--configurations takes words such as 64px-32c-1b-B1-T5 (size of frames, channels, blocks, videos, ` +
          `frames) separated by commas, not ${JSON.stringify(name)}`,
      )
    const [imageSize, channels, blocks, batch = 0, frames = 0] = match.slice(1).map(Number)
    const model = fillModelConfig({
      image_size: imageSize,
      num_channels: channels,
      num_res_blocks: blocks,
    })
    return { name, model, batch, frames }
  })
}
