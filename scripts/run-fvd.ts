import path from 'node:path'
import type { FvdConfig } from '../src/config/evaluation.js'
import { fvdFile, isOfOthers, readFvd, writeFvd, type FvdFileName } from '../src/evaluation/fvd/fvd-files.js'
import { measureFvd, SUBSET_SEED, type FvdResult } from '../src/evaluation/fvd/measure-fvd.js'
import { loadI3d } from '../src/evaluation/i3d/load-i3d.js'
import { startRuntime } from '../src/runtime/start.js'
import { readModelConfig } from '../src/sampling/results/model-config.js'
import { sampleSet } from '../src/sampling/results/sample-set.js'
import { range } from '../src/schemes/range.js'
import { inDataDir, openConfigDataset } from './open-dataset.js'
import { packageVersion } from './package-version.js'
import type { Terminal } from './terminal.js'

/** The original's: how many videos of a data set fit on its GPUs. */
const BATCH_SIZES: Readonly<Record<string, number>> = { mazes_cwvae: 16, minerl: 8, carla_no_traffic: 4 }
const BATCH_SIZE = 8
/** Below, chance decides more than the model; published distances are of 100 videos. */
const FEW_VIDEOS = 100

/**
 * Measures the Fréchet video distance of a run's samples, prints it and writes it beside them.
 * @throws UserError for options, data or files that do not work.
 */
export async function runFvd(options: FvdConfig & { eval_dir: string }, terminal: Terminal): Promise<void> {
  const { eval_dir: evalDir, sample_idx: sampleIdx } = options
  const cutOff = options.compat === 'original'
  const nameFor = (videos: number): FvdFileName => ({ videos, sampleIdx, cutOff })
  const asked = options.num_videos
  if (asked !== undefined && isMeasured(evalDir, nameFor(asked), range(asked), terminal)) return
  const samples = sampleSet(evalDir, {
    numVideos: asked,
    sampleIndices: [sampleIdx],
    skipBad: options.skip_bad,
  })
  for (const { file, reason } of samples.skipped) terminal.log(`left out: ${file} ${reason}`)
  const name = nameFor(samples.samples.length)
  const videos = samples.samples.map(({ video }) => video)
  if (isMeasured(evalDir, name, videos, terminal)) return

  const config = readModelConfig(evalDir)
  const runtime = await startRuntime({ backend: options.backend, device: options.device })
  const network = loadI3d(options.i3d_weights || (process.env.I3D_WEIGHTS ?? path.join('checkpoints', 'i3d')))
  const truth = await openConfigDataset(
    inDataDir(config, options.data_dir),
    'test',
    terminal,
    samples.shape[0],
  )
  const result = await measure({ samples, truth, network }, options, cutOff, terminal)
  network.dispose()

  const [T, height, width] = samples.shape
  writeFvd(evalDir, name, result.fvd, {
    ...result,
    ...(videos.length < FEW_VIDEOS && { warning: fewVideos(videos.length) }),
    frames: T,
    frame_size: [height, width],
    resize: '224x224, bilinear, neither aligned corners nor half-pixel centres',
    pixels: cutOff ? 'cut off as in the original program' : 'as they are',
    features: 'logits of I3D (RGB, Kinetics-400), averaged over time',
    weights: network.weights,
    dataset: truth.name,
    sample_idx: sampleIdx,
    compared: videos,
    left_out: samples.skipped.map(({ file, reason }) => ({ file, reason })),
    seeds: { interval: options.seed, subsets: SUBSET_SEED },
    versions: {
      'flexible-video-diffusion': packageVersion(),
      node: process.version,
      tensorflow: runtime.tensorflowVersion,
    },
    computed_on: runtime.description,
  })
  report(result, fvdFile(evalDir, name), terminal)
}

function isMeasured(
  evalDir: string,
  name: FvdFileName,
  videos: readonly number[],
  terminal: Terminal,
): boolean {
  const fvd = readFvd(evalDir, name)
  if (fvd !== undefined && isOfOthers(evalDir, name, videos)) return false
  if (fvd !== undefined) terminal.log(`FVD already computed: ${fvd}`)
  return fvd !== undefined
}

async function measure(
  parts: Pick<Parameters<typeof measureFvd>[0], 'samples' | 'truth' | 'network'>,
  options: FvdConfig,
  cutOff: boolean,
  terminal: Terminal,
): Promise<FvdResult> {
  const titles = { videos: 'features of videos', interval: 'interval' }
  let part: keyof typeof titles | undefined
  let bar: ReturnType<Terminal['progress']> | undefined
  try {
    return await measureFvd({
      ...parts,
      batchSize: options.batch_size ?? BATCH_SIZES[parts.truth.name] ?? BATCH_SIZE,
      cutOff,
      resamples: options.bootstrap,
      seed: options.seed,
      onProgress(now, done, total) {
        if (now !== part) {
          bar?.stop()
          bar = terminal.progress(titles[now])
        }
        part = now
        bar?.update(done, total)
      },
      signal: terminal.signal,
    })
  } finally {
    bar?.stop()
  }
}

function report({ fvd, interval, kernel, videos }: FvdResult, file: string, terminal: Terminal): void {
  terminal.log(`FVD: ${fvd}`)
  if (interval)
    terminal.log(
      `  ${100 * interval.level} % interval: ${interval.low.toFixed(1)} to ${interval.high.toFixed(1)} (${interval.resamples} resamplings of the videos)`,
    )
  const { subsets } = kernel
  const scatter = subsets.size < videos ? ` (standard deviation ${subsets.deviation.toFixed(4)} over ${subsets.subsets} subsets of ${subsets.size})` : '' // prettier-ignore
  terminal.log(`KVD: ${kernel.all.toFixed(4)}${scatter}`)
  if (videos < FEW_VIDEOS) terminal.log(`warning: ${fewVideos(videos)}`)
  terminal.log(`${file} holds the distance, the .json beside it how it came about`)
}

const fewVideos = (videos: number) =>
  `with ${videos} videos the distance is mostly chance, and larger the fewer there are: compare it only with distances of as many`
