import { fillModelConfig, type ModelConfig } from '../../src/config/model.js'
import { parameterSpecs } from '../../src/model/parameters.js'
import { createModel, type VideoModel } from '../../src/model/video-model.js'
import { tf, type Tensor2D, type Tensor5D } from '../../src/runtime/tf.js'
import { signed, weight } from './golden.js'

/** The smallest network of the architecture: 32 px, 32 channels, one block. */
export function tinyConfig(options: Readonly<Record<string, unknown>> = {}): ModelConfig {
  return fillModelConfig({
    image_size: 32,
    num_channels: 32,
    num_res_blocks: 1,
    num_heads: 2,
    diffusion_steps: 32,
    ...options,
  })
}

/** A tiny network none of whose parameters is zero, so that every path through it matters. */
export function tinyModel(config: ModelConfig): VideoModel {
  const parameters = parameterSpecs(config).map(({ name, shape }) => {
    const values = weight(name, shape, 'tiny:')
    return [name, { shape, toFloat32: () => values }] as const
  })
  return createModel(config, { parameters: new Map(parameters) })
}

/** A video made from its name, (B, T, 32, 32, 3) in [-1, 1). */
export function madeVideo(name: string, batch: number, frames: number): Tensor5D {
  const shape: [number, number, number, number, number] = [batch, frames, 32, 32, 3]
  return tf.tensor5d(Float32Array.from(signed(name, shape)), shape)
}

/** Two videos of four frames; frame 3 of video 1 is padding. */
export function madeConditioning(): {
  x0: Tensor5D
  obsMask: Tensor2D
  latentMask: Tensor2D
  frameIndices: Tensor2D
} {
  return {
    x0: madeVideo('x0', 2, 4),
    obsMask: tf.tensor2d([[1, 0, 0, 1], [0, 1, 0, 0]]), // prettier-ignore
    latentMask: tf.tensor2d([[0, 1, 1, 0], [1, 0, 1, 0]]), // prettier-ignore
    frameIndices: tf.tensor2d([[0, 3, 5, 7], [2, 3, 4, 40]], undefined, 'int32'), // prettier-ignore
  }
}
