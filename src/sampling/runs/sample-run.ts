import { waitForOthers, type SharedWorkCallbacks } from '../../claims/shared-work.js'
import { givenFrames } from '../../schemes/settings.js'
import { chosenFeatures } from '../features/chosen-features.js'
import { firstVideoDigest } from '../results/first-video.js'
import { checkRun, recordRun } from '../results/record-run.js'
import { nextBatch, rowsFor } from '../stages/next-batch.js'
import { sampleStage } from '../stages/sample-stage.js'
import type { SamplingProgress } from '../stages/sample-video-options.js'
import { isDone } from '../stages/video-in-progress.js'
import type { SampleRun, SampleRunInputs } from './plan-sample-run.js'
import { runVideos } from './run-videos.js'
import { setUpSampling } from './sampling-setup.js'

/** One video of a run: sampled and written now, or found done. */
export interface SampledVideo {
  readonly video: number
  readonly file: string
  readonly isNew: boolean
}

export interface RunProgress extends SamplingProgress {
  /** The videos that are sampled together at the moment. */
  readonly videos: readonly number[]
  /** Denoising steps of single videos that are done, of all in the run. */
  readonly work: { readonly done: number; readonly total: number }
}

export interface SampleRunCallbacks extends SharedWorkCallbacks {
  readonly onProgress?: (progress: RunProgress) => void
}

/**
 * Samples the videos of a run, and writes each as soon as it is done. Any number of processes can share a
 * run: each video is claimed by one of them, and taken over if that one dies. Videos whose file is there are
 * passed over; unfinished ones are gone on with at the stage where they were saved. As videos get done,
 * others take their place in the batch. Ends when all videos are done, also those of other processes, unless
 * told not to wait for them.
 * @throws UserError if weights or a video cannot be read or a file not be written.
 */
export async function* sampleRun(
  run: SampleRun,
  inputs: SampleRunInputs,
  { onProgress, onOthers, signal, claims }: SampleRunCallbacks = {},
): AsyncGenerator<SampledVideo, void, undefined> {
  const { batch_size: batchSize, wait } = inputs.options
  const firstVideo = await firstVideoDigest(inputs.dataset, givenFrames(run.settings))
  const { config, diffusion, denoise } = setUpSampling(inputs)
  const { numTimesteps } = diffusion
  const origin = { ...inputs, firstVideo, features: run.features, schedule: run.optimised?.digest }
  checkRun(run.folder, config, origin)
  const features = run.features && chosenFeatures(inputs.options, inputs.dataset.imageSize)
  const record = () => recordRun(run.folder, config, { ...origin, weights: features?.digest })
  const videos = runVideos(run, inputs, { features, claims })
  const sampled = (video: number, isNew: boolean) => ({ video, file: videos.fileOf(video), isNew })
  let finished = 0
  try {
    record()
    for (;;) {
      const found = await videos.fill(batchSize)
      // Once more: what another process has finished meanwhile it may have made otherwise.
      if (found.length > 0) record()
      finished += found.length
      for (const video of found) yield sampled(video, false)

      // Saved with their last stage by a process that could not write them, as on a full disk.
      const restored = videos.active.filter(isDone)
      if (restored.length > 0) {
        record()
        const written = restored.filter((video) => videos.finish(video))
        finished += written.length
        for (const { key } of written) yield sampled(key.video, true)
        continue
      }
      const batch = nextBatch(videos.active)
      if (!batch[0]) {
        if (videos.left.length === 0) return
        onOthers?.(videos.left)
        if (!wait) return
        await waitForOthers(signal)
        continue
      }
      const { index: stage, ...frames } = batch[0].next
      const { stages } = run
      const numbers = batch.map(({ key }) => key.video)
      const stagesDone = finished * stages + sum(videos.active.map(({ next }) => next?.index ?? 0))
      const onStep = (step: number, steps: number) => {
        const work = {
          done: stagesDone * steps + batch.length * step,
          total: run.videos.length * stages * steps,
        }
        onProgress?.({ stage, stages, step, steps, frames, videos: numbers, work })
        signal?.throwIfAborted()
      }
      onStep(0, numTimesteps)
      const rows = rowsFor(batch.length, Math.min(batchSize, run.videos.length))
      await sampleStage(batch, { denoise, numTimesteps, rows, onStep })
      // Once more: until this process had its first claim, another may have said something else.
      record()
      const written = batch.filter((video) => videos.keep(video))
      finished += written.length
      for (const { key } of written) yield sampled(key.video, true)
    }
  } finally {
    denoise.dispose()
    features?.dispose()
    await videos.close()
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
