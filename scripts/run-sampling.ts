import type { SamplingConfig } from '../src/config/sampling.js'
import { resolveModelConfig } from '../src/config/model.js'
import type { VideoDataset } from '../src/data/dataset.js'
import { UserError } from '../src/errors.js'
import { startRuntime } from '../src/runtime/start.js'
import { planSampleRun, type SampleRun, type SampleRunInputs } from '../src/sampling/plan-sample-run.js'
import { sampleRun } from '../src/sampling/sample-run.js'
import { loadCheckpoint } from '../src/training/load-checkpoint.js'
import { openConfigDataset, wholeLength, type DatasetConfig } from './open-dataset.js'
import { printedConfig } from './print-config.js'
import type { Terminal } from './terminal.js'

export interface SamplingRequest {
  /** Path of a model or an average. */
  readonly checkpoint: string
  readonly options: SamplingConfig
  /** Number of this process in an array of jobs, if it is in one. */
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
  const { backend, precision, device } = options
  const runtime = await startRuntime({ backend, precision, device })
  terminal.log(runtime.description)
  const { model, config: trained, step } = loadCheckpoint(file)
  const config = { ...trained, ...(options.data_dir !== '' && { data_dir: options.data_dir }) }
  const dataset = await openTestVideos(config, options, terminal)
  const checkpoint = { path: file, step, config: { ...config, ...resolveModelConfig(config) }, model }
  const inputs = { checkpoint, dataset, options, ...(taskId !== undefined && { taskId }) }
  const run = planSampleRun(inputs)
  terminal.log(`configuration:\n${printedConfig({ checkpoint: file, step, ...options, ...decided(run) })}`)
  if (!dryRun) await sampleAll(run, inputs, terminal)
  model.dispose()
  return run
}

async function sampleAll(run: SampleRun, inputs: SampleRunInputs, terminal: Terminal): Promise<void> {
  const bar = terminal.progress('sampling')
  let othersNamed = ''
  try {
    const samples = sampleRun(run, inputs, {
      onProgress: ({ videos, stage, stages, work: { done, total } }) =>
        bar.update(done, total, `${named(videos)}, stage ${stage + 1} of ${stages}`),
      onOthers(videos) {
        if (named(videos) === othersNamed) return
        othersNamed = named(videos)
        const end = inputs.options.wait ? 'waiting for them (--wait False does not)' : 'left to them'
        terminal.log(`others are at work on ${othersNamed}: ${end}`)
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
function decided({ folder, settings, stages, videos }: SampleRun) {
  return {
    T: settings.videoLength,
    max_frames: settings.maxFrames,
    max_latent_frames: settings.stepSize,
    stages,
    videos: named(videos),
    folder,
  }
}

/** Videos in words, ascending: `videos 0-3, 7`. */
function named(videos: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const video of [...videos].sort((one, other) => one - other)) {
    const last = ranges.at(-1)
    if (last?.[1] === video - 1) last[1] = video
    else ranges.push([video, video])
  }
  const words = ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`))
  return `${videos.length === 1 ? 'video' : 'videos'} ${words.join(', ')}`
}
