import { walk } from '../../diffusion/samplers/walk.js'
import { UserError } from '../../errors.js'
import { tf } from '../../runtime/tf.js'
import type { DenoisingStep } from './denoising-step.js'
import { sizeOf, type UnfinishedVideo } from './next-batch.js'
import { stageInputs } from './stage-inputs.js'
import { stageSeeds } from './stage-noise.js'

export interface SampleStageOptions {
  readonly denoise: DenoisingStep
  readonly numTimesteps: number
  /** How many rows the network is given: at least one per video; the others are filled with the first. */
  readonly rows: number
  /** Called after each denoising step; what it throws ends the stage. */
  readonly onStep: (done: number, total: number) => void
}

/**
 * Samples the next stage of some videos together: runs the diffusion process backwards once, and puts the
 * latent frames of each video where its frames are.
 * @param videos all at stages of equally many frames
 */
export async function sampleStage(
  videos: readonly UnfinishedVideo[],
  { denoise, numTimesteps, rows, onStep }: SampleStageOptions,
): Promise<void> {
  const filled = Array.from({ length: rows }, (_, i) => videos[i] ?? videos[0]) as UnfinishedVideo[]
  const keys = filled.map(({ key, next }) => ({ ...key, stage: next.index }))
  const { start, ...conditioning } = stageInputs(filled, keys)
  try {
    const steps = { numTimesteps, numCarried: denoise.numCarried }
    const sample = await walk(steps, { start, onStep }, (state, t) =>
      denoise.run(conditioning, state, t, stageSeeds(keys, t)),
    )
    const values = sample.data<'float32'>().finally(() => sample.dispose())
    keepLatentFrames(await values, videos, sample.size / rows)
  } finally {
    tf.dispose([start, { ...conditioning }])
  }
}

/** @param values (rows, K, H, W, C): in each row first the observed frames, whose values mean nothing */
function keepLatentFrames(values: Float32Array, videos: readonly UnfinishedVideo[], rowSize: number): void {
  videos.forEach(({ next, frames }, b) => {
    const frameSize = rowSize / sizeOf(next)
    next.latent.forEach((t, i) => {
      const at = b * rowSize + (next.observed.length + i) * frameSize
      const frame = values.slice(at, at + frameSize)
      if (!frame.every(Number.isFinite))
        throw new UserError(
          `sampling gave values that are not numbers in frame ${t}: ` +
            'the weights are damaged, or their training diverged',
        )
      frames.put(t, frame)
    })
  })
}
