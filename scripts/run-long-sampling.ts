import path from 'node:path'
import type { LongSamplingConfig } from '../src/config/sampling.js'
import { joinChunks } from '../src/sampling/results/join-chunks.js'
import { sampleFile } from '../src/sampling/results/results-layout.js'
import { readSample } from '../src/sampling/results/sample-file.js'
import { planLongRun, type LongRun, type LongRunInputs } from '../src/sampling/runs/plan-long-run.js'
import { sampleLong, type SampledChunk } from '../src/sampling/runs/sample-long.js'
import type { PictureStatistics } from '../src/sampling/videos/picture-statistics.js'
import type { Film } from '../src/sampling/videos/video-batch.js'
import { numbered } from '../src/schemes/numbered.js'
import { range } from '../src/schemes/range.js'
import { jsonLines } from '../src/tracking/json-lines.js'
import type { Metrics, Tracker } from '../src/tracking/tracker.js'
import type { CheckpointRequest } from './checkpoint-request.js'
import { wholeLength } from './open-dataset.js'
import { printedConfig } from './print-config.js'
import { openTestVideos, withCheckpoint } from './sampling-inputs.js'
import { shellWord } from './shell-word.js'
import type { Terminal } from './terminal.js'
import { warnOfRespacing } from './warn-of-respacing.js'

/** The line of the given frames in the log, whose chunks are counted from 0. */
const GIVEN = -1

/**
 * Samples a video without end until it is long enough or the person stops it; prints what each chunk looks
 * like, next to the beginning.
 * @throws UserError for options, data or files that do not work.
 */
export async function runLongSampling(
  { checkpoint: file, options, dryRun }: Omit<CheckpointRequest<LongSamplingConfig>, 'taskId'>,
  terminal: Terminal,
): Promise<void> {
  return withCheckpoint(file, options, terminal, async (checkpoint) => {
    const { config, step } = checkpoint
    const trainedLength = typeof config.T === 'number' && config.T > 0 ? config.T : undefined
    const chunkLength = options.chunk_length ?? trainedLength ?? wholeLength(config)
    const numObserved = options.n_obs ?? Math.floor(chunkLength / 2)
    const given = { T: Math.max(1, numObserved), areGiven: numObserved > 0 }
    const dataset = await openTestVideos(config, given, terminal)
    const inputs = { checkpoint, dataset, options, chunkLength }
    const run = planLongRun(inputs)
    const { settings, stages } = run.chunk(1)
    const decided = {
      chunk_length: chunkLength,
      n_obs: numObserved,
      max_frames: settings.maxFrames,
      max_latent_frames: settings.stepSize,
      stages_per_chunk: stages.length,
      folder: run.chunkFolder,
    }
    terminal.log(`configuration:\n${printedConfig({ checkpoint: file, step, ...options, ...decided })}`)
    warnOfRespacing({ ...config, timestep_respacing: options.timestep_respacing }, terminal)
    if (!dryRun) {
      const chunks = await sampleChunks(run, inputs, terminal)
      if (options.length !== undefined) await join(run, inputs, chunks, options.length, terminal)
    }
  })
}

async function sampleChunks(run: LongRun, inputs: LongRunInputs, terminal: Terminal): Promise<string[]> {
  const { length = Infinity } = inputs.options
  // Only while no other process writes it; one that had the video in between may have written lines of its own.
  let log: Tracker | undefined
  let lastLine = GIVEN - 1
  const note = (index: number, numbers: Metrics) => log?.log((lastLine = index), numbers)
  const bar = terminal.progress('sampling')
  const files: string[] = []
  let start: PictureStatistics | undefined
  try {
    const chunks = sampleLong(run, inputs, {
      onProgress: ({ chunk, stage, stages, step, steps }) =>
        bar.update(stage * steps + step, stages * steps, `chunk ${chunk}, stage ${stage + 1} of ${stages}`),
      onOther: () => terminal.log('another process is at work on this video: waiting for it'),
      onClaim() {
        log = jsonLines(path.join(run.chunkFolder, 'statistics.jsonl'), lastLine)
      },
      onGiven(statistics) {
        start = statistics
        note(GIVEN, metrics(statistics))
        terminal.log(`given ${numbered('frame', range(run.numObserved))}: ${described(statistics)}`)
      },
      signal: terminal.signal,
    })
    for await (const chunk of chunks) {
      const { index, frames, statistics, file } = chunk
      files.push(file)
      note(index, { first_frame: frames[0], ...metrics(statistics) })
      terminal.log(line(chunk, start))
      start ??= statistics
      if (frames[1] >= length) break
    }
  } finally {
    bar.stop()
  }
  return files
}

/** The whole video as a sample, so that a film can be made of it. */
async function join(
  { folder, numObserved }: LongRun,
  { dataset, options }: LongRunInputs,
  chunks: readonly string[],
  length: number,
  terminal: Terminal,
): Promise<void> {
  const { start_index: video, sample_idx: sampleIdx } = options
  const { imageSize: size } = dataset
  const given = numObserved > 0 ? await dataset.readFrames(video, range(numObserved)) : new Uint8Array()
  const films = function* (): Generator<Film, void, undefined> {
    if (numObserved > 0) yield { shape: [numObserved, size, size, 3], data: given }
    for (const chunk of chunks) yield readSample(chunk)
  }
  const file = sampleFile(folder, video, sampleIdx)
  joinChunks(file, films(), length)
  terminal.log(file)
  if (video === 0 && sampleIdx === 0)
    terminal.log(`look at it with: npx fdm make-mp4 --eval_dir ${shellWord(folder)} --add_gt False`)
}

function line({ index, frames, statistics, isNew }: SampledChunk, start?: PictureStatistics): string {
  const place = `chunk ${index}, ${numbered('frame', range(frames[0], frames[1]))}`
  return `${place}: ${described(statistics, start)}${isNew ? '' : ' (there already)'}`
}

/** Means over the channels, in levels of a pixel, and how far they are from those at the beginning. */
function described(statistics: PictureStatistics, start?: PictureStatistics): string {
  const parts = [
    ['mean', ({ mean }: PictureStatistics) => average(mean)],
    ['contrast', ({ deviation }: PictureStatistics) => average(deviation)],
    ['sharpness', ({ sharpness }: PictureStatistics) => average(sharpness)],
    ['motion', ({ motion }: PictureStatistics) => motion],
  ] as const
  return parts
    .flatMap(([name, of]) => {
      const value = of(statistics)
      // A single frame that nothing comes before does not move.
      if (value === undefined) return []
      const beginning = start && of(start)
      const change = beginning === undefined ? undefined : value - beginning
      const drift = change === undefined ? '' : ` (${change < 0 ? '' : '+'}${change.toFixed(1)})`
      return [`${name} ${value.toFixed(1)}${drift}`]
    })
    .join(', ')
}

function metrics({ motion, ...perChannel }: PictureStatistics): Record<string, number> {
  const channels = Object.entries(perChannel).flatMap(([name, values]) =>
    ['red', 'green', 'blue'].map((colour, c) => [`${name}_${colour}`, values[c] ?? NaN] as const),
  )
  return { ...Object.fromEntries(channels), ...(motion !== undefined && { motion }) }
}

const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
