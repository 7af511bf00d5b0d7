import type { VideoDataset } from '../../data/dataset.js'
import type { FrameEmbedder } from '../../lpips/load-lpips.js'
import { nextTurn } from '../../next-turn.js'
import { readSample } from '../../sampling/results/sample-file.js'
import { samplesByVideo, type SampleSet } from '../../sampling/results/sample-set.js'
import { range } from '../../schemes/range.js'
import { squaredDistance } from '../../squared-distance.js'
import { checkTruth } from '../check-truth.js'
import { psnr } from './psnr.js'
import { SMALLEST_SSIM_FRAME, ssim } from './ssim.js'

/** What tells how like the truth a frame is. */
export type QualityMetric = 'psnr' | 'ssim' | 'lpips'

/** One sample's numbers: of each metric that was measured, one for each frame compared. */
export interface SampleQuality {
  readonly video: number
  readonly sampleIdx: number
  readonly values: Readonly<Partial<Record<QualityMetric, readonly number[]>>>
}

export interface QualityInputs {
  readonly samples: SampleSet
  /** The test videos that were completed. */
  readonly truth: VideoDataset
  /** Positions of the frames to compare. */
  readonly frames: readonly number[]
  /** Measures LPIPS; without it, that is left out. */
  readonly embedder?: Pick<FrameEmbedder, 'embed'> | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Frames whose embeddings are held at the same time: 10 MB a sample, at 128 pixels. */
const CHUNK = 16

/**
 * Compares samples frame by frame with the true videos they complete: PSNR in dB, SSIM where frames are large
 * enough for it, and LPIPS. Videos are read as they are needed.
 * @returns one record per sample, in their order
 * @throws UserError naming what cannot be read or does not fit.
 */
export async function measureQuality(inputs: QualityInputs): Promise<SampleQuality[]> {
  const { samples: set, truth, frames, onProgress, signal } = inputs
  checkTruth(set, truth)
  const [T, height, width] = set.shape
  const frameSize = height * width * 3
  const measured: SampleQuality[] = []
  for (const [video, samples] of samplesByVideo(set)) {
    const real = await truth.readFrames(video, range(T))
    const films = samples.map(({ file }) => readSample(file).data)
    const values = films.map((): Record<QualityMetric, number[]> => ({ psnr: [], ssim: [], lpips: [] }))
    for (let start = 0; start < frames.length; start += CHUNK) {
      await nextTurn(signal)
      const chunk = frames.slice(start, start + CHUNK)
      const cut = (film: Uint8Array) => chunk.map((t) => film.subarray(t * frameSize, (t + 1) * frameSize))
      const compare = comparison(cut(real), { height, width }, inputs.embedder)
      for (const [i, film] of films.entries()) {
        const found = compare(cut(film))
        for (const metric of METRICS) values[i]?.[metric].push(...found[metric])
      }
      onProgress?.(
        measured.length + (films.length * (start + chunk.length)) / frames.length,
        set.samples.length,
      )
    }
    for (const [i, { sampleIdx }] of samples.entries())
      measured.push({ video, sampleIdx, values: withoutEmpty(values[i] ?? {}) })
  }
  return measured
}

export const METRICS = ['psnr', 'ssim', 'lpips'] as const satisfies readonly QualityMetric[]

/** Compares frames with these true ones. What is not measured stays empty. */
function comparison(
  real: readonly Uint8Array[],
  size: { readonly height: number; readonly width: number },
  embedder: QualityInputs['embedder'],
): (sampled: readonly Uint8Array[]) => Record<QualityMetric, number[]> {
  const fitsWindow = Math.min(size.height, size.width) >= SMALLEST_SSIM_FRAME
  const embed = (frames: readonly Uint8Array[]) => embedder?.embed(Buffer.concat(frames), size) ?? []
  const realEmbeddings = embed(real)
  const pairs = (sampled: readonly Uint8Array[]) =>
    sampled.map((frame, i) => [frame, real[i] ?? new Uint8Array()] as const)
  return (sampled) => ({
    psnr: pairs(sampled).map(([a, b]) => psnr(a, b)),
    ssim: fitsWindow ? pairs(sampled).map(([a, b]) => ssim(a, b, size)) : [],
    lpips: embed(sampled).map((embedding, i) =>
      squaredDistance(embedding, realEmbeddings[i] ?? new Float32Array()),
    ),
  })
}

function withoutEmpty(values: SampleQuality['values']): SampleQuality['values'] {
  return Object.fromEntries(Object.entries(values).filter(([, numbers]) => numbers.length > 0))
}
