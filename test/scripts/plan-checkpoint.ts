import { fillModelConfig } from '../../src/config/model.js'
import { parameterSpecs } from '../../src/model/parameters.js'
import { orderedDict, tensor, writeTorchFile } from '../../src/torch-file/index.js'
import { weight } from '../helpers/golden.js'

/** A checkpoint of a small network that knows what it was trained on. */
export function writeCheckpoint(checkpoint: string): void {
  const network = { image_size: 32, num_channels: 32, num_res_blocks: 1, num_heads: 2 }
  const options = { ...network, diffusion_steps: 3, noise_schedule: 'cosine' }
  const parameters = parameterSpecs(fillModelConfig(options)).map(
    ({ name, shape }) => [name, tensor('float32', shape, weight(name, shape, 'tiny:'))] as const,
  )
  const config = { ...options, dataset: 'toy_town', max_frames: 4 }
  writeTorchFile(checkpoint, { state_dict: orderedDict(parameters), config, step: 7 })
}
