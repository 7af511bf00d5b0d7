import { fillModelConfig, type ModelConfig } from '../../config/model.js'
import { createDiffusion, type GaussianDiffusion } from '../../diffusion/gaussian-diffusion.js'
import { UserError } from '../../errors.js'
import { expectText } from '../../expect.js'
import { createModel, type VideoModel } from '../../model/video-model.js'
import { readCheckpointFile } from '../../torch-file/index.js'

export interface Checkpoint {
  readonly model: VideoModel
  readonly diffusion: GaussianDiffusion
  /**
   * Every option it was trained with, also those this program does not know. Those of model and diffusion are checked,
   * and have their defaults where the file lacks them.
   */
  readonly config: ModelConfig & Readonly<Record<string, unknown>>
  /** K: most frames that the network took at once in training; undefined if the file does not say it. */
  readonly maxFrames: number | undefined
  /** Updates done; undefined if neither the file nor its name says. */
  readonly step: number | undefined
}

/**
 * Reads a model or an average, of this program or of the original: `checkpoints/<run id>/ema_0.9999_*.pt`.
 * The runtime must have been started; the caller disposes of the model.
 * @throws UserError naming the file and what is wrong with it.
 */
export function loadCheckpoint(file: string): Checkpoint {
  expectText('loadCheckpoint takes the path of a file', file)
  const { stateDict, config, step } = readCheckpointFile(file)
  try {
    if (typeof config.image_size !== 'number') throw new UserError('its config has no image_size')
    const options = fillModelConfig(config)
    const model = createModel(options, { parameters: stateDict })
    const diffusion = createDiffusion(options)
    return { model, diffusion, config: { ...config, ...options }, maxFrames: maxFramesOf(config), step }
  } catch (error) {
    // What is found while a tensor is read names the file already.
    if (!(error instanceof UserError) || error.message.startsWith(`${file}: `)) throw error
    throw new UserError(`${file}: ${error.message}`, { cause: error })
  }
}

function maxFramesOf({ max_frames: maxFrames }: Readonly<Record<string, unknown>>): number | undefined {
  return typeof maxFrames === 'number' && Number.isSafeInteger(maxFrames) && maxFrames > 0 ? maxFrames : undefined
}
