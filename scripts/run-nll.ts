import type { NllConfig } from '../src/config/nll.js'
import { counted } from '../src/counted.js'
import { measureNll } from '../src/evaluation/nll/measure-nll.js'
import { planNll, type NllInputs, type NllRun } from '../src/evaluation/nll/plan-nll.js'
import type { VideoBound } from '../src/evaluation/nll/video-bound.js'
import { mean } from '../src/mean.js'
import { frameRanges } from '../src/schemes/frame-ranges.js'
import { numbered } from '../src/schemes/numbered.js'
import { range } from '../src/schemes/range.js'
import type { CheckpointRequest } from './checkpoint-request.js'
import { askedLength, openConfigDataset } from './open-dataset.js'
import { printedConfig } from './print-config.js'
import { withCheckpoint } from './sampling-inputs.js'
import { tellOfOthers } from './tell-of-others.js'
import type { Terminal } from './terminal.js'

/**
 * Measures the bounds of test videos, with a bar per video, and prints them and their mean.
 * @throws UserError for options, data or files that do not work.
 */
export async function runNll(
  { checkpoint: file, options, taskId, dryRun }: CheckpointRequest<NllConfig>,
  terminal: Terminal,
): Promise<void> {
  return withCheckpoint(file, options, terminal, async (checkpoint) => {
    const { config, step } = checkpoint
    const dataset = await openConfigDataset(config, 'test', terminal, askedLength(options.T, config))
    const inputs = { checkpoint, dataset, options, taskId }
    const run = planNll(inputs)
    const decided = {
      T: run.settings.videoLength,
      max_frames: run.settings.maxFrames,
      max_latent_frames: run.settings.stepSize,
      num_timesteps: run.count,
      stages: run.stages,
      videos: frameRanges(run.videos),
      folder: run.folder,
    }
    terminal.log(`configuration:\n${printedConfig({ checkpoint: file, step, ...options, ...decided })}`)
    if (!dryRun) for (const line of summary(run, await measureAll(run, inputs, terminal))) terminal.log(line)
  })
}

async function measureAll(run: NllRun, inputs: NllInputs, terminal: Terminal): Promise<VideoBound[]> {
  const bar = terminal.progress('measuring')
  const bounds: VideoBound[] = []
  try {
    const videos = measureNll(run, inputs, {
      onProgress: ({ video, stage, stages, done, total }) =>
        bar.update(done, total, `video ${video}, stage ${stage + 1} of ${stages}`),
      onOthers: tellOfOthers(terminal, inputs.options.wait, (numbers) => numbered('video', numbers)),
      signal: terminal.signal,
    })
    for await (const { bound, isNew } of videos) {
      bounds.push(bound)
      const { video, bits, bits_per_dimension: bpd } = bound
      const found = isNew ? '' : ' (there already)'
      terminal.log(
        `video ${video}: ${certainty(run)} ${bpd.toFixed(4)} bits per dimension, ${Math.round(bits)} bits${found}`,
      )
    }
  } finally {
    bar.stop()
  }
  return bounds
}

/** Means over the videos, of the stages where all have as many. */
function summary(run: NllRun, bounds: readonly VideoBound[]): string[] {
  const [first] = bounds
  if (!first) return []
  const stages = range(first.stages.length).map((stage) => {
    const { latent = [] } = first.stages[stage] ?? {}
    const values = bounds.map((bound) => bound.stages[stage]?.bits_per_dimension ?? NaN)
    return `stage ${stage}, ${numbered('frame', latent)}: ${mean(values).toFixed(4)} bits per dimension`
  })
  const all = bounds.map((bound) => bound.bits_per_dimension)
  const deviation = Math.sqrt(
    all.reduce((sum, value) => sum + (value - mean(all)) ** 2, 0) / Math.max(1, all.length - 1),
  )
  const error = all.length > 1 ? `, standard error ${(deviation / Math.sqrt(all.length)).toFixed(4)}` : ''
  const bits = Math.round(mean(bounds.map((bound) => bound.bits)))
  return [
    ...stages,
    `${counted(all.length, 'video')}: ${certainty(run)} ${mean(all).toFixed(4)} bits per dimension${error}; ${bits} bits a video`,
    ...(isWhole(run)
      ? []
      : [`(an estimate of the bound, from ${run.count} of ${run.numTimesteps} diffusion steps)`]),
  ]
}

/** Of a bound whose terms are all in, and of an estimate of it from some, which may lie below. */
const certainty = (run: NllRun) => (isWhole(run) ? 'at most' : 'about')
const isWhole = ({ count, numTimesteps }: NllRun) => count === numTimesteps
