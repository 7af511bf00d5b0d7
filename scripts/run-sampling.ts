import type { SamplingConfig } from '../src/config/sampling.js'
import { resolveModelConfig } from '../src/config/model.js'
import type { VideoDataset } from '../src/data/dataset.js'
import { UserError } from '../src/errors.js'
import { startRuntime } from '../src/runtime/start.js'
import { planSampleRun, sampleRun, type SampleRun } from '../src/sampling/sample-run.js'
import { loadCheckpoint } from '../src/training/load-checkpoint.js'
import { openConfigDataset, wholeLength, type DatasetConfig } from './open-dataset.js'
import { printedConfig } from './print-config.js'
import type { Terminal } from './terminal.js'

export interface SamplingRequest {
  /** Path of a model or an average. */
  readonly checkpoint: string
  readonly options: SamplingConfig
  /** SLURM_ARRAY_TASK_ID, if it is set. */
  readonly taskId?: number
  /** Prints what would be done and stops there. */
  readonly dryRun: boolean
}

/**
 * Completes test videos with a bar per batch: what `sample` and the demo share.
 * @throws UserError for options, data or files that do not work.
 */
export async function runSampling(
  { checkpoint: file, options, taskId, dryRun }: SamplingRequest,
  terminal: Terminal,
): Promise<SampleRun> {
  const runtime = await startRuntime({ backend: options.backend, precision: options.precision })
  terminal.log(runtime.description)
  const { model, config: trained, step } = loadCheckpoint(file)
  const config = { ...trained, ...(options.data_dir !== '' && { data_dir: options.data_dir }) }
  const dataset = await openTestVideos(config, options, terminal)
  const checkpoint = { path: file, step, config: { ...config, ...resolveModelConfig(config) }, model }
  const inputs = { checkpoint, dataset, options, ...(taskId !== undefined && { taskId }) }
  const run = planSampleRun(inputs)
  terminal.log(
    `configuration:\n${printedConfig({ checkpoint: file, step, ...options, ...decided(run, dataset) })}`,
  )
  if (!dryRun) await sampleAll(run, inputs, terminal)
  model.dispose()
  return run
}

async function sampleAll(
  run: SampleRun,
  inputs: Parameters<typeof sampleRun>[1],
  terminal: Terminal,
): Promise<void> {
  let bar = terminal.progress('sampling')
  try {
    const samples = sampleRun(run, inputs, {
      onBatch: (videos) => (bar = terminal.progress(`sampling ${named(videos)}`)),
      onProgress: ({ stage, stages, step, steps }) => {
        const note = `stage ${stage + 1} of ${stages}`
        bar.update(stage * steps + step, stages * steps, note)
      },
      signal: terminal.signal,
    })
    for await (const { file, isNew } of samples) terminal.log(isNew ? file : `${file} is there already`)
  } finally {
    bar.stop()
  }
}

/** Without observed frames no data is needed, only its size. */
async function openTestVideos(
  config: DatasetConfig,
  { T, n_obs, obs_frames }: SamplingConfig,
  terminal: Terminal,
): Promise<VideoDataset> {
  const length = T === -1 ? wholeLength(config) : T
  if (length < 1) throw new UserError('--T takes -1 or a number of frames, not 0')
  return n_obs === 0 && obs_frames === ''
    ? noVideos(config, length)
    : openConfigDataset(config, 'test', terminal, length)
}

function noVideos({ image_size: size }: DatasetConfig, T: number): VideoDataset {
  if (typeof size !== 'number') throw new UserError('the checkpoint does not say how large its frames are')
  return {
    name: 'none',
    split: 'test',
    length: 0,
    T,
    imageSize: size,
    frameCount: () => 0,
    readFrames: () => Promise.reject(new Error('there is no video to read')),
  }
}

/** What the options left open. */
function decided({ folder, settings, stages, videos }: SampleRun, { T }: VideoDataset) {
  return {
    T,
    max_frames: settings.maxFrames,
    max_latent_frames: settings.stepSize,
    stages,
    videos: named(videos),
    folder,
  }
}

function named(videos: readonly number[]): string {
  const [first = 0, last = 0] = [videos[0], videos.at(-1)]
  return first === last ? `video ${first}` : `videos ${first}-${last}`
}
