import { fromPixels } from '../data/pixels.js'
import type { GaussianDiffusion } from '../diffusion/gaussian-diffusion.js'
import type { HostRandom } from '../random.js'
import { outputRows } from '../model/output-rows.js'
import { tf } from '../runtime/tf.js'
import type { Batch } from './batch.js'
import type { MicroBatch } from './gradients.js'
import type { TimestepDraw } from './timestep-sampler.js'

/** What is drawn for the videos of a micro-batch, besides their frames. */
export interface Draws extends TimestepDraw {
  /** One generator per video. */
  readonly noise: readonly HostRandom[]
  readonly dropout: HostRandom
}

/** Puts a micro-batch on the device. The caller owns the tensors. */
export function feedMicroBatch(batch: Batch, diffusion: GaussianDiffusion, draws: Draws): MicroBatch {
  const [B, T] = batch.shape
  // The variational bound alone looks at all frames.
  const wanted = diffusion.config.use_kl
    ? undefined
    : outputRows(batch.lossMask.map((mask, i) => (mask === 0 ? (batch.latentMask[i] ?? 0) : 1)))
  return {
    x0: tf.tensor5d(fromPixels(batch.pixels), [...batch.shape]),
    obsMask: tf.tensor2d(batch.obsMask, [B, T]),
    latentMask: tf.tensor2d(batch.latentMask, [B, T]),
    lossMask: tf.tensor2d(batch.lossMask, [B, T]),
    frameIndices: tf.tensor2d(batch.frameIndices, [B, T], 'int32'),
    outputRows: wanted && tf.tensor1d(wanted, 'int32'),
    at: diffusion.at(draws.timesteps),
    weights: tf.tensor1d([...draws.weights]),
    noiseSeeds: tf.tensor2d(
      draws.noise.map((random) => [...random.deviceSeed()]),
      [B, 2],
      'int32',
    ),
    dropoutSeed: tf.tensor1d([...draws.dropout.deviceSeed()], 'int32'),
  }
}
