import type { Optimality } from '../../config/optimality.js'
import { spreadsTimes } from '../../config/optimality.js'
import type { VideoDataset } from '../../data/dataset.js'
import { hostRandom, type HostRandom } from '../../random.js'
import { range } from '../../schemes/range.js'
import type { BoundRow, BoundStep } from '../stages/bound-step.js'

/** What a network's errors are measured with. */
export interface ErrorSetup {
  readonly step: BoundStep
  /** Diffusion steps. */
  readonly numTimesteps: number
  /** Training videos, at least as long as the video of the plan. */
  readonly dataset: VideoDataset
  readonly options: {
    readonly optimality: Optimality
    readonly num_videos: number
    /** Evenly spread diffusion times. */
    readonly num_timesteps: number
    readonly batch_size: number
    readonly seed: number
  }
}

/** Which frame to condition on next. */
export interface FrameChoice {
  /** Number of the stage. */
  readonly stage: number
  /** Frames chosen before. */
  readonly chosen: readonly number[]
  readonly latent: readonly number[]
  readonly candidates: readonly number[]
}

/**
 * For each candidate, the mean squared error of the noise that the network predicts in the latent frames of
 * true videos, given the frames chosen before and the candidate: a mean over the values of those frames, so that
 * errors with few frames and with many can be compared. Videos, windows, diffusion times and noise are
 * drawn for each choice anew, and are the same for all its candidates.
 * @param onProgress told how many calls for single videos are done, of all; what it throws ends the measuring
 */
export async function frameErrors(
  choice: FrameChoice,
  { step, numTimesteps, dataset, options }: ErrorSetup,
  onProgress: (done: number, total: number) => void,
): Promise<readonly number[]> {
  const { candidates, stage, chosen, latent } = choice
  const sums = new Float64Array(candidates.length)
  const total = candidates.length * options.num_videos
  const random = hostRandom('optimal schedule', options.seed, stage, chosen.length)
  let done = 0
  let waiting: (BoundRow & { readonly candidate: number })[] = []
  const rows = Math.min(options.batch_size, total)
  const measure = async () => {
    // The last batch is filled up with a row that does not count: a size of its own would be recorded anew.
    const [first] = waiting
    const filled = Array.from({ length: first ? rows : 0 }, (_, i) => waiting[i] ?? first) as typeof waiting
    const terms = await step.run(filled)
    waiting.forEach(
      ({ candidate }, i) => (sums[candidate] = (sums[candidate] ?? NaN) + (terms[i]?.mse ?? NaN)),
    )
    done += waiting.length
    waiting = []
    onProgress(done, total)
  }
  for (const draw of drawVideos(random, dataset, numTimesteps, options)) {
    for (const [candidate, row] of (await rowsOf(choice, draw, dataset)).entries()) {
      waiting.push({ ...row, candidate })
      if (waiting.length === options.batch_size) await measure()
    }
  }
  if (waiting.length > 0) await measure()
  // Terms are means over all K frames, of which the latent ones alone count: this makes means over those.
  const scale = (chosen.length + 1 + latent.length) / latent.length
  return Array.from(sums, (sum) => (sum * scale) / options.num_videos)
}

interface VideoDraw {
  readonly video: number
  /** Frame of the video that the plan's frame 0 stands for. */
  readonly start: number
  readonly t: number
  readonly seed: readonly [number, number]
}

/** Each video once, in random order, before any comes again. */
function* drawVideos(
  random: HostRandom,
  dataset: VideoDataset,
  T: number,
  { optimality, num_videos, num_timesteps }: ErrorSetup['options'],
): Generator<VideoDraw, void, undefined> {
  let left: number[] = []
  const times = Math.min(num_timesteps, num_videos)
  for (let i = 0; i < num_videos; i++) {
    if (left.length === 0) left = range(dataset.length)
    const [video = 0] = left.splice(random.integer(0, left.length), 1)
    const start = random.integer(0, dataset.frameCount(video) - dataset.T + 1)
    const spread = T - 1 - Math.floor(((i % times) * T) / times)
    const drawn = random.integer(0, T)
    yield { video, start, t: spreadsTimes(optimality) ? spread : drawn, seed: random.deviceSeed() }
  }
}

/** A row for each candidate; the frames that they share are read once. */
async function rowsOf(
  { chosen, latent, candidates }: FrameChoice,
  { video, start, t, seed }: VideoDraw,
  dataset: VideoDataset,
): Promise<readonly BoundRow[]> {
  const frames = [...chosen, ...latent, ...candidates]
  const pixels = await dataset.readFrames(
    video,
    frames.map((frame) => start + frame),
  )
  const size = dataset.imageSize ** 2 * 3
  const frame = (i: number) => pixels.subarray(i * size, (i + 1) * size)
  const before = pixels.subarray(0, chosen.length * size)
  const after = pixels.subarray(before.length, before.length + latent.length * size)
  return candidates.map((candidate, i) => ({
    pixels: Buffer.concat([before, frame(chosen.length + latent.length + i), after]),
    stage: { observed: [...chosen, candidate], latent },
    t,
    seed,
  }))
}
