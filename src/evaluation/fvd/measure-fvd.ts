import type { VideoDataset } from '../../data/dataset.js'
import { UserError } from '../../errors.js'
import { inTurns } from '../../in-turns.js'
import { nextTurn } from '../../next-turn.js'
import { hostRandom } from '../../random.js'
import { readSample } from '../../sampling/results/sample-file.js'
import type { SampleSet } from '../../sampling/results/sample-set.js'
import { range } from '../../schemes/range.js'
import { checkTruth } from '../check-truth.js'
import { bootstrapInterval, type Interval } from '../distances/bootstrap-interval.js'
import { featuresOf } from '../distances/features.js'
import { frechetSteps } from '../distances/frechet-distance.js'
import { kernelSteps, subsetSteps, type SubsetDistances } from '../distances/kernel-distance.js'
import type { I3d } from '../i3d/create-i3d.js'
import { cutOffPixels } from './cut-off-pixels.js'

export interface FvdInputs {
  readonly samples: SampleSet
  /** The test videos that were completed. */
  readonly truth: VideoDataset
  readonly network: I3d
  /** Videos read at a time. */
  readonly batchSize: number
  /** Treats pixels as the original program does. */
  readonly cutOff: boolean
  /** Sets of videos drawn anew for the interval; 0: none. */
  readonly resamples: number
  readonly seed: number
  readonly onProgress?: ((part: 'videos' | 'interval', done: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface FvdResult {
  readonly fvd: number
  readonly interval: Interval | undefined
  /** Over all videos, and over the subsets that the original program draws. */
  readonly kernel: { readonly all: number; readonly subsets: SubsetDistances }
  readonly videos: number
}

/** What the original program draws for the kernel distance, and its seed. */
const SUBSETS = { subsets: 100, size: 1000 } as const
export const SUBSET_SEED = 2020

/**
 * The Fréchet video distance (Unterthiner et al. 2018) between samples and the videos they complete, given
 * frames included, with the kernel distance of the same features. Videos are read as they are needed; of
 * each only its features stay.
 * @throws UserError naming what cannot be read or does not fit; the signal's reason, if the person wants to stop.
 */
export async function measureFvd(inputs: FvdInputs): Promise<FvdResult> {
  const { samples, truth, resamples, seed, onProgress, signal } = inputs
  checkCount(samples)
  checkTruth(samples, truth)
  const [sampled, real] = await features(inputs)
  const fvd = await inTurns(frechetSteps(sampled, real), signal)
  const interval =
    resamples === 0
      ? undefined
      : await bootstrapInterval(frechetSteps, [sampled, real], {
          estimate: fvd,
          resamples,
          random: hostRandom(seed, 'fvd bootstrap'),
          onProgress: (done) => onProgress?.('interval', done, resamples),
          signal,
        })
  const all = await inTurns(kernelSteps(sampled, real), signal)
  const draws = { ...SUBSETS, random: hostRandom(SUBSET_SEED) }
  const subsets = await inTurns(subsetSteps(sampled, real, draws), signal)
  return {
    fvd,
    interval: interval && nonNegative(interval),
    kernel: { all, subsets },
    videos: samples.samples.length,
  }
}

/** What resampling takes off may be more than there is. */
function nonNegative(interval: Interval): Interval {
  return { ...interval, low: Math.max(0, interval.low), high: Math.max(0, interval.high) }
}

async function features({
  samples: { samples, shape },
  truth,
  network,
  batchSize,
  cutOff,
  onProgress,
  signal,
}: FvdInputs) {
  const [T, height, width] = shape
  const logits = async (pixels: Uint8Array) => {
    const values = await network.logits({ pixels: cutOff ? cutOffPixels(pixels) : pixels, height, width })
    if (values.every(Number.isFinite)) return values
    throw new UserError(`${network.weights.file}: these weights make numbers that are not finite of a video`)
  }
  const sampled: Float32Array[] = []
  const real: Float32Array[] = []
  for (let start = 0; start < samples.length; start += batchSize) {
    const batch = samples.slice(start, start + batchSize)
    const truths = await Promise.all(batch.map(({ video }) => truth.readFrames(video, range(T))))
    for (const [i, { file }] of batch.entries()) {
      await nextTurn(signal)
      sampled.push(await logits(readSample(file).data))
      real.push(await logits(truths[i] ?? new Uint8Array()))
      onProgress?.('videos', start + i + 1, samples.length)
    }
  }
  return [featuresOf(sampled), featuresOf(real)] as const
}

function checkCount({ samples }: SampleSet): void {
  if (samples.length < 2)
    throw new UserError(`a distance takes at least 2 videos, there is ${samples.length}: sample more`)
}
