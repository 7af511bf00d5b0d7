import { existsSync } from 'node:fs'
import path from 'node:path'
import type { DiffusionConfig } from '../config/model.js'
import type { SamplingConfig } from '../config/sampling.js'
import type { VideoDataset } from '../data/dataset.js'
import { createDiffusion } from '../diffusion/gaussian-diffusion.js'
import { ancestralSampler } from '../diffusion/samplers/ancestral.js'
import { ddimSampler } from '../diffusion/samplers/ddim.js'
import { UserError } from '../errors.js'
import { outlineVideo } from '../schemes/plan.js'
import { findScheme } from '../schemes/registry.js'
import { givenFrames } from '../schemes/settings.js'
import type { SamplingScheme, SchemeSettings } from '../schemes/types.js'
import { denoisingStep, type SamplingModel } from './denoising-step.js'
import { recordRun } from './record-run.js'
import { modelResultsFolder, runIdentifier, sampleFile } from './results-layout.js'
import { writeSample } from './sample-file.js'
import { sampleVideo, type SamplingProgress } from './sample-video.js'
import { schemeSettings } from './scheme-settings.js'
import { selectVideos } from './select-videos.js'
import { filmOf, frameOf, type VideoBatch } from './video-batch.js'

/** What the `sample` command works with. */
export interface SampleRunInputs {
  readonly checkpoint: {
    /** As the person gave it: the folder of the results is named after it. */
    readonly path: string
    /** Training steps done. */
    readonly step: number
    readonly config: DiffusionConfig & Readonly<Record<string, unknown>>
    readonly model: SamplingModel
  }
  /** Test videos, opened with the number of frames to make. */
  readonly dataset: VideoDataset
  readonly options: SamplingConfig
  /** SLURM_ARRAY_TASK_ID, if it is set. */
  readonly taskId?: number
}

/** A run of sampling with everything decided, before any work. */
export interface SampleRun {
  /** Folder of the run; `samples/` and `model_config.json` lie in it. */
  readonly folder: string
  readonly scheme: SamplingScheme
  readonly settings: SchemeSettings
  /** Videos of the data set, ascending. */
  readonly videos: readonly number[]
  /** Stages per video. */
  readonly stages: number
}

/** One video of a run: sampled and written now, or found done. */
export interface SampledVideo {
  readonly video: number
  readonly file: string
  readonly isNew: boolean
}

export interface SampleRunCallbacks {
  readonly onBatch?: (videos: readonly number[]) => void
  readonly onProgress?: (progress: SamplingProgress) => void
  readonly signal?: AbortSignal
}

/**
 * Decides what a run does and where it writes.
 * @throws UserError for options that do not fit each other, the checkpoint or the data set.
 */
export function planSampleRun({ checkpoint, dataset, options, taskId }: SampleRunInputs): SampleRun {
  if (options.sampling_scheme === undefined) throw new UserError('--sampling_scheme is missing: name one')
  if (options.eta !== 0 && !options.use_ddim)
    throw new UserError('--eta belongs to DDIM: add --use_ddim True')
  const scheme = findScheme(options.sampling_scheme)
  const settings = schemeSettings(options, dataset.T, checkpoint.config.max_frames)
  const stages = outlineVideo(scheme, settings).length
  const parent =
    options.eval_dir ??
    modelResultsFolder({
      checkpoint: checkpoint.path,
      step: checkpoint.step,
      useDdim: options.use_ddim,
      eta: options.eta,
      timestepRespacing: options.timestep_respacing,
    })
  const videos = selectVideos({
    start: options.start_index,
    stop: options.stop_index,
    batchSize: options.batch_size,
    taskId,
    available: settings.observed === 0 ? undefined : dataset.length,
  })
  return {
    folder: path.join(parent, runIdentifier({ scheme: scheme.name, settings })),
    scheme,
    settings,
    videos,
    stages,
  }
}

/**
 * Samples the videos of a run, batch after batch, and writes each as soon as its batch is done. Videos whose
 * file is there are passed over, so that a run can be repeated, or shared between processes.
 * @throws UserError if a video cannot be read or a file not be written.
 */
export async function* sampleRun(
  run: SampleRun,
  { checkpoint, dataset, options }: SampleRunInputs,
  { onBatch, onProgress, signal }: SampleRunCallbacks = {},
): AsyncGenerator<SampledVideo, void, undefined> {
  const { timestep_respacing, use_ddim, eta, sample_idx: sampleIdx } = options
  const config = { ...checkpoint.config, use_ddim, timestep_respacing }
  const diffusion = createDiffusion(config)
  const sampler = use_ddim ? ddimSampler(diffusion.schedule, eta) : ancestralSampler(diffusion.numTimesteps)
  recordRun(run.folder, config, { checkpoint, options })

  const { model } = checkpoint
  const shared = { model, diffusion, sampler, clipDenoised: options.clip_denoised }
  const denoise = denoisingStep(shared)
  const fileOf = (video: number) => sampleFile(run.folder, video, sampleIdx)
  try {
    for (let at = 0; at < run.videos.length;) {
      const todo: number[] = []
      for (; at < run.videos.length && todo.length < options.batch_size; at++) {
        const video = run.videos[at] ?? 0
        if (existsSync(fileOf(video))) yield { video, file: fileOf(video), isNew: false }
        else todo.push(video)
      }
      if (todo.length === 0) return
      onBatch?.(todo)
      const sampled = await sampleVideo({
        ...shared,
        denoise,
        videos: await observedFrames(dataset, todo, givenFrames(run.settings)),
        observed: run.settings.observed,
        scheme: run.scheme,
        maxFrames: run.settings.maxFrames,
        maxLatentFrames: run.settings.stepSize,
        seed: options.seed,
        videoIndices: todo,
        sampleIdx,
        ...(onProgress && { onProgress }),
        ...(signal && { signal }),
      })
      for (const [b, video] of todo.entries()) {
        const file = fileOf(video)
        writeSample(file, filmOf(sampled, b))
        yield { video, file, isNew: true }
      }
    }
  } finally {
    denoise.dispose()
  }
}

/** Videos of the data set's length, with only the observed frames read; the others are black. */
async function observedFrames(
  dataset: VideoDataset,
  videos: readonly number[],
  observed: readonly number[],
): Promise<VideoBatch> {
  const { T, imageSize: size } = dataset
  const batch: VideoBatch = {
    shape: [videos.length, T, size, size, 3],
    data: new Uint8Array(videos.length * T * size * size * 3),
  }
  if (observed.length === 0) return batch
  for (const [b, video] of videos.entries()) {
    const frames = await dataset.readFrames(video, observed)
    const size = frames.length / observed.length
    observed.forEach((t, i) => frameOf(batch, b, t).set(frames.subarray(i * size, (i + 1) * size)))
  }
  return batch
}
