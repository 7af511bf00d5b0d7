import { fromPixels } from '../../data/pixels.js'
import type { GaussianDiffusion } from '../../diffusion/gaussian-diffusion.js'
import { outputParts, outputRows } from '../../model/output-rows.js'
import type { HostRandom } from '../../random.js'
import { tf } from '../../runtime/tf.js'
import type { Batch } from '../batches/batch.js'
import type { MicroBatch } from './gradients.js'
import type { TimestepDraw } from './timestep-sampler.js'

/** What is drawn for the videos of a micro-batch, besides their frames. */
export interface Draws extends TimestepDraw {
  /** One generator per video. */
  readonly noise: readonly HostRandom[]
  readonly dropout: HostRandom
}

/**
 * Puts a micro-batch on the device. The caller owns the tensors.
 * @param parts how many quarters of the frames the network's output is computed of, at least those needed
 */
export function feedMicroBatch(
  batch: Batch,
  diffusion: GaussianDiffusion,
  draws: Draws,
  parts = partsOf(batch),
): MicroBatch {
  const [B, T] = batch.shape
  // The variational bound alone looks at all frames.
  const wanted = diffusion.config.use_kl ? undefined : outputRows(wantedFrames(batch), parts)
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

/**
 * How many quarters of its frames a step asks for in every micro-batch: what the one with most of them needs,
 * so that the recordings of a step do not multiply with the number of micro-batches.
 */
export function partsOf(...batches: readonly Batch[]): number {
  return Math.max(...batches.map((batch) => outputParts(wantedFrames(batch))))
}

/** Not 0 where the loss or a latent frame looks at the output. */
function wantedFrames({ lossMask, latentMask }: Batch): Float32Array {
  return lossMask.map((mask, i) => (mask === 0 ? (latentMask[i] ?? 0) : 1))
}
