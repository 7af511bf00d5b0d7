import type { SamplingConfig } from '../src/config/sampling.js'
import { planSampleRun, type SampleRun, type SampleRunInputs } from '../src/sampling/runs/plan-sample-run.js'
import { sampleRun } from '../src/sampling/runs/sample-run.js'
import { frameRanges } from '../src/schemes/frame-ranges.js'
import type { CheckpointRequest } from './checkpoint-request.js'
import { askedLength } from './open-dataset.js'
import { printedConfig } from './print-config.js'
import { openTestVideos, withCheckpoint } from './sampling-inputs.js'
import { tellOfOthers } from './tell-of-others.js'
import type { Terminal } from './terminal.js'
import { warnOfRespacing } from './warn-of-respacing.js'

/**
 * Completes test videos with a bar per batch: what `sample` and the demo share.
 * @throws UserError for options, data or files that do not work.
 */
export async function runSampling(
  { checkpoint: file, options, taskId, dryRun }: CheckpointRequest<SamplingConfig>,
  terminal: Terminal,
): Promise<SampleRun> {
  return withCheckpoint(file, options, terminal, async (checkpoint) => {
    const { config, step } = checkpoint
    const T = askedLength(options.T, config)
    const areGiven = options.n_obs > 0 || options.obs_frames !== ''
    const dataset = await openTestVideos(config, { T, areGiven }, terminal)
    const inputs = { checkpoint, dataset, options, taskId }
    const run = planSampleRun(inputs)
    terminal.log(`configuration:\n${printedConfig({ checkpoint: file, step, ...options, ...decided(run) })}`)
    warnOfRespacing({ ...config, timestep_respacing: options.timestep_respacing }, terminal)
    if (!dryRun) await sampleAll(run, inputs, terminal)
    return run
  })
}

async function sampleAll(run: SampleRun, inputs: SampleRunInputs, terminal: Terminal): Promise<void> {
  const bar = terminal.progress('sampling')
  try {
    const samples = sampleRun(run, inputs, {
      onProgress: ({ videos, stage, stages, work: { done, total } }) =>
        bar.update(done, total, `${named(videos)}, stage ${stage + 1} of ${stages}`),
      onOthers: tellOfOthers(terminal, inputs.options.wait, named),
      signal: terminal.signal,
    })
    for await (const { file, isNew } of samples) terminal.log(isNew ? file : `${file} is there already`)
  } finally {
    bar.stop()
  }
}

/** What the options left open. */
function decided({ folder, settings, stages, videos }: SampleRun) {
  return {
    T: settings.videoLength,
    max_frames: settings.maxFrames,
    max_latent_frames: settings.stepSize,
    stages,
    videos: frameRanges(videos),
    folder,
  }
}

/** Videos in words, ascending: `videos 0-3, 7`. */
function named(videos: readonly number[]): string {
  return `${videos.length === 1 ? 'video' : 'videos'} ${frameRanges(videos).replaceAll(',', ', ')}`
}
