import { defaultsOf } from '../../src/config/option.js'
import { trainOptions } from '../../src/config/training.js'
import type { VideoDataset } from '../../src/data/dataset.js'
import { tf, type Tensor, type Tensor5D } from '../../src/runtime/tf.js'
import type { ResolvedTrainConfig } from '../../src/training/checkpoints/save-checkpoint.js'
import type { ParametricNetwork } from '../../src/training/step/gradients.js'

export interface FakeDataset extends VideoDataset {
  /** Every frame read so far. */
  readonly reads: { readonly video: number; readonly frames: readonly number[] }[]
}

/** Videos whose every pixel tells its video and frame, 16 * video + frame, unless `pixel` says otherwise. */
export function fakeDataset(
  options: {
    videos?: number
    frames?: number
    T?: number
    imageSize?: number
    split?: 'train' | 'test'
    pixel?: (video: number, frame: number, i: number) => number
  } = {},
): FakeDataset {
  const { videos = 4, frames = 14, T = 10, imageSize = 4, split = 'train', pixel = pixelOf } = options
  const reads: FakeDataset['reads'] = []
  return {
    name: 'fake',
    split,
    length: videos,
    T,
    imageSize,
    reads,
    frameCount: () => frames,
    readFrames(video, wanted) {
      reads.push({ video, frames: wanted })
      const size = imageSize * imageSize * 3
      const pixels = new Uint8Array(wanted.length * size)
      wanted.forEach((frame, k) => {
        for (let i = 0; i < size; i++) pixels[k * size + i] = pixel(video, frame, i)
      })
      return Promise.resolve(pixels)
    },
  }
}

export const pixelOf = (video: number, frame: number) => 16 * video + frame

/** Two parameters: the prediction is scale * x * obs + offset, plus a little that depends on the time. */
export const tinyNetwork: ParametricNetwork =
  (params, { obsMask }) =>
  (x, timesteps) => {
    const [B, T] = x.shape
    const observed = tf.reshape(obsMask, [B, T, 1, 1, 1])
    const time = tf.reshape(tf.mul(timesteps, 1e-3), [B, 1, 1, 1, 1])
    const scaled = tf.mul(tf.mul(x, params.get('scale') as Tensor), tf.add(observed, 0.5))
    return tf.add<Tensor5D>(scaled, tf.mul(params.get('offset') as Tensor, tf.add(time, 1)))
  }

export const tinyParameters = () =>
  new Map<string, Tensor>([
    ['scale', tf.tensor1d([0.3, -0.2, 0.1])],
    ['offset', tf.tensor1d([0.1, 0.2, -0.3])],
  ])

/** The smallest legal run of the real network. */
export function smallConfig(changes: Partial<ResolvedTrainConfig> = {}): ResolvedTrainConfig {
  return {
    ...defaultsOf(trainOptions),
    image_size: 32,
    T: 8,
    num_channels: 32,
    num_res_blocks: 1,
    num_heads: 2,
    diffusion_steps: 32,
    max_frames: 3,
    num_workers: 1,
    ...changes,
  }
}
