import type { ModelConfig } from '../config/model.js'
import type { SamplerName } from '../config/sampler.js'
import type { VideoDataset } from '../data/dataset.js'
import { fromPixels } from '../data/pixels.js'
import { createDiffusion } from '../diffusion/gaussian-diffusion.js'
import { createSampler } from '../diffusion/samplers/create-sampler.js'
import { elementCount } from '../element-count.js'
import { featuresOf } from '../evaluation/distances/features.js'
import { frechetDistance } from '../evaluation/distances/frechet-distance.js'
import { psnr } from '../evaluation/quality/psnr.js'
import { ssim } from '../evaluation/quality/ssim.js'
import { mean } from '../mean.js'
import { pixelFeatures } from '../sampling/features/pixel-features.js'
import { sampleVideo } from '../sampling/sample-video.js'
import { denoisingStep, type SamplingModel } from '../sampling/stages/denoising-step.js'
import { pictureStatistics } from '../sampling/videos/picture-statistics.js'
import { batchOf, frameOf, type VideoBatch } from '../sampling/videos/video-batch.js'
import { autoreg } from '../schemes/autoreg.js'
import { range } from '../schemes/range.js'

/** A way of sampling. */
export interface SamplerCase {
  readonly sampler: SamplerName
  /** Noise of DDIM steps. */
  readonly eta: number
  /** Whether steps of DPM-Solver++ extrapolate no further than one as long as the step before. */
  readonly isLimited: boolean
  /** Diffusion steps; undefined: all. */
  readonly steps: number | undefined
}

export interface SamplerBench {
  readonly model: SamplingModel
  readonly config: ModelConfig
  /** True videos of one stage: of their frames the first `observed` are given. */
  readonly videos: VideoBatch
  readonly observed: number
  readonly batchSize: number
  /** Milliseconds, of any clock: of time, or of processors at work. */
  readonly now: () => number
}

/** How sampled frames look next to the true ones. */
export interface SamplerQuality {
  /** Of each frame, in dB: a mean. */
  readonly psnr: number
  readonly ssim: number
  /** Fréchet distance between frames as colours of 8x8 cells, in the network's scale. */
  readonly frechet: number
  /** Mean difference between neighbours, next to that of the true frames: below 1 is blurred, above is noisy. */
  readonly sharpness: number
}

export interface SamplerResult extends SamplerQuality {
  readonly steps: number
  /** Of one batch, the fastest. */
  readonly seconds: number
}

/** Completes all videos in one way, and compares what was sampled with the truth. */
export async function benchSampler(
  { sampler, eta, isLimited, steps }: SamplerCase,
  { model, config, videos, observed, batchSize, now }: SamplerBench,
): Promise<SamplerResult> {
  const diffusion = createDiffusion({
    ...config,
    timestep_respacing: steps === undefined ? '' : String(steps),
  })
  const chosen = createSampler(sampler, diffusion.schedule, { eta, limit_extrapolation: isLimited })
  const denoise = denoisingStep({ model, diffusion, sampler: chosen, clipDenoised: true })
  const sampled: VideoBatch[] = []
  let fastest = Infinity
  try {
    for (let start = 0; start < videos.shape[0]; start += batchSize) {
      const indices = range(start, Math.min(start + batchSize, videos.shape[0]))
      let begun = NaN
      const made = await sampleVideo({
        ...{ model, diffusion, denoise, sampler: chosen, scheme: autoreg, observed },
        videos: rowsOf(videos, indices),
        videoIndices: indices,
        maxFrames: videos.shape[1],
        maxLatentFrames: videos.shape[1] - observed,
        // The first step of the first batch compiles: it is left out, and made up for.
        onProgress: ({ step }) => void (begun = step === 1 ? now() : begun),
      })
      const { numTimesteps } = diffusion
      fastest = Math.min(fastest, ((now() - begun) / 1000) * (numTimesteps / (numTimesteps - 1)))
      sampled.push(made)
    }
  } finally {
    denoise.dispose()
  }
  const [, T, H, W, C] = videos.shape
  const data = Buffer.concat(sampled.map((batch) => batch.data))
  const made: VideoBatch = { shape: [videos.shape[0], T, H, W, C], data }
  return { ...compareVideos(made, videos, observed), steps: diffusion.numTimesteps, seconds: fastest }
}

/**
 * Compares videos frame by frame, from frame `observed` on, and as sets of frames.
 * @param made of the shape of `truth`
 */
export function compareVideos(made: VideoBatch, truth: VideoBatch, observed: number): SamplerQuality {
  const [B, T, H, W, C] = truth.shape
  const places = range(B).flatMap((b) => range(observed, T).map((t) => [b, t] as const))
  const pairs = places.map(([b, t]) => [frameOf(made, b, t), frameOf(truth, b, t)] as const)
  const cells = (side: 0 | 1) =>
    featuresOf(
      pixelFeatures.embed(
        pairs.map((pair) => fromPixels(pair[side])),
        [H, W, C],
      ),
    )
  const sharpness = (side: 0 | 1) =>
    mean(pairs.flatMap((pair) => [...pictureStatistics({ shape: [1, H, W, C], data: pair[side] }).sharpness]))
  return {
    psnr: mean(pairs.map(([one, other]) => psnr(one, other))),
    ssim: mean(pairs.map(([one, other]) => ssim(one, other, { height: H, width: W }))),
    frechet: frechetDistance(cells(0), cells(1)),
    sharpness: sharpness(0) / sharpness(1),
  }
}

/**
 * Windows of the first frames of test videos: so many of each, evenly spread over it.
 * @returns (videos * windows, T, H, W, 3), windows of one video next to each other
 */
export async function testWindows(
  dataset: VideoDataset,
  { videos, windows, T }: { readonly videos: number; readonly windows: number; readonly T: number },
): Promise<VideoBatch> {
  const { imageSize: size } = dataset
  const films = []
  for (const video of range(videos))
    for (const window of range(windows)) {
      const last = dataset.frameCount(video) - T
      const start = windows === 1 ? 0 : Math.floor((window * last) / (windows - 1))
      const data = await dataset.readFrames(video, range(start, start + T))
      films.push({ shape: [T, size, size, 3] as const, data })
    }
  return batchOf(films)
}

function rowsOf({ shape: [, ...film], data }: VideoBatch, rows: readonly number[]): VideoBatch {
  const size = elementCount(film)
  const parts = rows.map((row) => data.subarray(row * size, (row + 1) * size))
  return { shape: [rows.length, ...film], data: Buffer.concat(parts) }
}
