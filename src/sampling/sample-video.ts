import { ancestralSampler } from '../diffusion/samplers/ancestral.js'
import { outlineVideo } from '../schemes/plan.js'
import { range } from '../schemes/range.js'
import type { SchemeSettings } from '../schemes/types.js'
import { checkSampleVideo } from './check-sample-video.js'
import { denoisingStep, type DenoisingStep } from './stages/denoising-step.js'
import { nextBatch, rowsFor } from './stages/next-batch.js'
import { sampleStage } from './stages/sample-stage.js'
import type { SampleVideoOptions } from './stages/sample-video-options.js'
import { defaultStepSize } from './stages/scheme-settings.js'
import { beginVideo, type VideoInProgress } from './stages/video-in-progress.js'
import { batchOf, filmOf, type VideoBatch } from './videos/video-batch.js'

/**
 * Completes videos, stage by stage as the scheme says.
 * @returns the videos, (B, T, H, W, C): given frames as they were, sampled ones rounded to pixels
 * @throws UserError, before any work, for settings that cannot work
 */
export async function sampleVideo(options: SampleVideoOptions): Promise<VideoBatch> {
  checkSampleVideo(options)
  const { diffusion, videos: given, observed, scheme, features, maxFrames, onProgress, signal } = options
  const { seed = 0, sampleIdx = 0, videoIndices = range(given.shape[0]) } = options
  const settings: SchemeSettings = {
    videoLength: given.shape[1],
    observed,
    maxFrames,
    stepSize: options.maxLatentFrames ?? defaultStepSize(maxFrames),
  }
  const stages = outlineVideo(scheme, settings).length
  const denoise = options.denoise ?? ownStep(options)
  const { numTimesteps } = diffusion
  const videos: VideoInProgress[] = []
  try {
    for (const [b, video] of videoIndices.entries()) {
      const key = { seed, video, sampleIdx }
      videos.push(beginVideo({ given: filmOf(given, b), scheme, settings, key, features }))
    }
    for (let batch = nextBatch(videos); batch[0]; batch = nextBatch(videos)) {
      const { index, ...frames } = batch[0].next
      const onStep = (step: number, steps: number) => {
        onProgress?.({ stage: index, stages, step, steps, frames })
        signal?.throwIfAborted()
      }
      onStep(0, numTimesteps)
      await sampleStage(batch, { denoise, numTimesteps, rows: rowsFor(batch.length, videos.length), onStep })
      for (const video of batch) video.advance()
    }
  } finally {
    if (denoise !== options.denoise) denoise.dispose()
    for (const video of videos) video.dispose()
  }
  return batchOf(videos.map(({ frames }) => frames.toFilm()))
}

function ownStep({ model, diffusion, sampler, clipDenoised = true }: SampleVideoOptions): DenoisingStep {
  return denoisingStep({
    model,
    diffusion,
    sampler: sampler ?? ancestralSampler(diffusion.schedule),
    clipDenoised,
  })
}
