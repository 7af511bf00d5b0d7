import { existsSync } from 'node:fs'
import path from 'node:path'
import type { QualityConfig } from '../src/config/quality.js'
import { counted } from '../src/counted.js'
import { UserError } from '../src/errors.js'
import { givenFrames } from '../src/evaluation/given-frames.js'
import { measureQuality } from '../src/evaluation/quality/measure-quality.js'
import { qualityCurves } from '../src/evaluation/quality/quality-curves.js'
import { qualityText } from '../src/evaluation/quality/quality-text.js'
import { summariseQuality } from '../src/evaluation/quality/summarise-quality.js'
import { writeFileAtomic } from '../src/files/write-file.js'
import { SMALLEST_LPIPS_FRAME } from '../src/lpips/alexnet-layers.js'
import { drawingSvg } from '../src/pictures/drawing-svg.js'
import { startRuntime } from '../src/runtime/start.js'
import { readModelConfig } from '../src/sampling/results/model-config.js'
import { sampleSet, wholeVideos, type SampleSet } from '../src/sampling/results/sample-set.js'
import { frameRanges } from '../src/schemes/frame-ranges.js'
import { numbered } from '../src/schemes/numbered.js'
import { range } from '../src/schemes/range.js'
import { lpipsWeights } from './lpips-weights.js'
import { inDataDir, openConfigDataset } from './open-dataset.js'
import { packageVersion } from './package-version.js'
import { withProgress, type Terminal } from './terminal.js'

/** Where the weights of LPIPS are if nothing says it. */
const WEIGHTS = path.join('checkpoints', 'lpips')

/**
 * Compares a run's samples with the truth frame by frame, prints the means and writes them beside the samples,
 * with curves over time.
 * @throws UserError for options, data or files that do not work.
 */
export async function runQuality(
  options: QualityConfig & { eval_dir: string },
  terminal: Terminal,
): Promise<void> {
  const { eval_dir: evalDir, n_seeds: seeds, data_dir: dataDir } = options
  const samples = chooseSamples(options, terminal)
  const [T] = samples.shape
  const given = new Set(givenFrames(evalDir, options, T))
  const frames = range(T).filter((frame) => !given.has(frame))
  if (frames.length === 0) throw new UserError(`all ${T} frames were given: there is nothing to compare`)
  const config = inDataDir(readModelConfig(evalDir), dataDir)
  const truth = await openConfigDataset(config, 'test', terminal, T)
  const embedder = await openEmbedder(options, samples, terminal)
  const measured = await withProgress(terminal, 'comparing samples', (onProgress) =>
    measureQuality({ samples, truth, frames, embedder, onProgress, signal: terminal.signal }),
  )
  embedder?.dispose()

  const quality = summariseQuality(measured)
  const videos = new Set(measured.map(({ video }) => video)).size
  const each = seeds ?? measured.length / videos
  const base = path.join(evalDir, `quality-${videos}-${each}`)
  const text = qualityText(quality, each)
  const record = {
    ...quality,
    ...{ videos, samples_each: each, frames: frameRanges(frames), frame_size: samples.shape.slice(1) },
    samples: measured,
    dataset: truth.name,
    left_out: samples.skipped.map(({ file, reason }) => ({ file, reason })),
    version: packageVersion(),
  }
  writeFileAtomic(`${base}.txt`, text)
  writeFileAtomic(`${base}.json`, `${JSON.stringify(record, null, 2)}\n`)
  writeFileAtomic(`${base}.svg`, drawingSvg(qualityCurves(quality, frames, each)))
  terminal.log(text.trimEnd())
  terminal.log(
    `of ${counted(videos, 'video')}, ${numbered('frame', frames)}; ${base}.svg shows them over time, ${base}.json has each frame's`,
  )
}

function chooseSamples(options: QualityConfig & { eval_dir: string }, terminal: Terminal): SampleSet {
  const { eval_dir: evalDir, num_videos: numVideos, n_seeds: seeds, skip_bad: skipBad } = options
  const sampleIndices = seeds === undefined ? undefined : range(seeds)
  const all = sampleSet(evalDir, { numVideos, sampleIndices, skipBad })
  const whole = wholeVideos(all)
  for (const { file, reason } of all.skipped) terminal.log(`left out: ${file} ${reason}`)
  const also = all.samples.length - whole.samples.length
  if (also > 0)
    terminal.log(`left out: ${counted(also, 'other sample')} of the same videos, so that all have as many`)
  return whole
}

/** LPIPS, unless there are no weights where they would be if nobody said anything, or frames are too small. */
async function openEmbedder(
  options: QualityConfig,
  { shape: [, height, width] }: SampleSet,
  terminal: Terminal,
) {
  const named = lpipsWeights(options.lpips_weights)
  const { loadLpips } = await import('../src/lpips/load-lpips.js')
  if (named === undefined && !existsSync(WEIGHTS)) {
    terminal.log(`LPIPS is left out: no weights in ${WEIGHTS} (--lpips_weights names another folder)`)
    return undefined
  }
  if (named === undefined && Math.min(height, width) < SMALLEST_LPIPS_FRAME) {
    terminal.log(`LPIPS is left out: it takes frames of at least ${SMALLEST_LPIPS_FRAME} pixels a side`)
    return undefined
  }
  await startRuntime({ backend: options.backend, device: options.device })
  return loadLpips(named ?? WEIGHTS)
}
