import { walk } from '../diffusion/samplers/walk.js'
import { UserError } from '../errors.js'
import { tf } from '../runtime/tf.js'
import type { Stage } from '../schemes/types.js'
import type { DenoisingStep } from './denoising-step.js'
import type { FrameStore } from './frame-store.js'
import { stageConditioning } from './stage-conditioning.js'
import { stageNoise, stageSeeds, type NoiseKey } from './stage-noise.js'

export interface SampleStageOptions {
  readonly denoise: DenoisingStep
  readonly numTimesteps: number
  /** (H, W, C) */
  readonly frameShape: readonly [number, number, number]
  /** One per video. */
  readonly keys: readonly NoiseKey[]
  /** Number of the stage: the noise depends on it. */
  readonly index: number
  /** Called after each denoising step; what it throws ends the stage. */
  readonly onStep: (done: number, total: number) => void
}

/**
 * Runs the diffusion process backwards once, and puts the latent frames of the stage into `frames`.
 * @param stages one per video, all with as many observed and as many latent frames
 */
export async function sampleStage(
  stages: readonly Stage[],
  frames: FrameStore,
  options: SampleStageOptions,
): Promise<void> {
  const { denoise, numTimesteps, frameShape, keys, index, onStep } = options
  const conditioning = stageConditioning(stages, frames, frameShape)
  const shape = [conditioning.obsMask.shape[1], ...frameShape] as const
  const start = stageNoise(keys, shape, index, 'start')
  try {
    const sample = await walk(numTimesteps, { start, onStep }, (x, t) =>
      denoise.run(conditioning, x, t, stageSeeds(keys, index, t)),
    )
    const values = sample.data<'float32'>().finally(() => sample.dispose())
    keepLatentFrames(await values, stages, frames)
  } finally {
    tf.dispose([start, { ...conditioning }])
  }
}

/** @param values (B, K, H, W, C): in each video first the observed frames, whose values mean nothing */
function keepLatentFrames(values: Float32Array, stages: readonly Stage[], frames: FrameStore): void {
  const count = stages.reduce((sum, { observed, latent }) => sum + observed.length + latent.length, 0)
  const frameSize = values.length / count
  let at = 0
  stages.forEach(({ observed, latent }, b) => {
    at += observed.length
    for (const t of latent) {
      const frame = values.slice(at * frameSize, ++at * frameSize)
      if (!frame.every(Number.isFinite))
        throw new UserError(
          `sampling gave values that are not numbers in frame ${t}: ` +
            'the weights are damaged, or their training diverged',
        )
      frames.put(b, t, frame)
    }
  })
}
