import { UserError } from '../../errors.js'
import { hostRandom } from '../../random.js'
import type { BoundStep } from '../../sampling/stages/bound-step.js'
import { frameOfFilm, type Film } from '../../sampling/videos/video-batch.js'
import type { Stage } from '../../schemes/types.js'
import { chooseTimesteps } from './choose-timesteps.js'

export interface StageOfVideo {
  readonly film: Film
  /** Position of the video in its data set. */
  readonly video: number
  readonly stage: Stage & { readonly index: number }
}

/** One diffusion step of one stage. Means are over the values of the latent frames. */
export interface TermRow {
  readonly t: number
  /** How often it counts in sums over all steps. */
  readonly weight: number
  /** Bits per dimension: KL, at t = 0 the decoder's term. */
  readonly vb: number
  /** Mean squared error of the predicted clean frames. */
  readonly xstart_mse: number
  /** Mean squared error of the noise that follows from them. */
  readonly mse: number
}

export interface StageTermsOptions {
  readonly step: BoundStep
  /** Diffusion steps, and how many of them to look at. */
  readonly numTimesteps: number
  readonly count: number
  readonly batchSize: number
  readonly seed: number
  /** Called after each call of the network; what it throws ends the measuring. */
  readonly onStep: (done: number) => void
}

/**
 * The terms of the variational bound of one stage, given true frames. Noise and diffusion steps depend on the
 * seed, the video and the stage alone.
 * @returns a row for each diffusion step that was looked at, descending
 */
export async function stageTerms(
  { film, video, stage }: StageOfVideo,
  { step, numTimesteps, count, batchSize, seed, onStep }: StageTermsOptions,
): Promise<TermRow[]> {
  const random = hostRandom('nll steps', seed, video, stage.index)
  const times = chooseTimesteps(numTimesteps, count, random)
  const frames = [...stage.observed, ...stage.latent]
  const pixels = Buffer.concat(frames.map((t) => frameOfFilm(film, t)))
  // Means over all frames become means over the latent ones.
  const scale = frames.length / stage.latent.length
  const rows: TermRow[] = []
  for (let at = 0; at < times.length; at += batchSize) {
    const part = times.slice(at, at + batchSize)
    const terms = await step.run(
      part.map(({ t }) => {
        const seeds = hostRandom('nll noise', seed, video, stage.index, t).deviceSeed()
        return { pixels, stage, t, seed: seeds }
      }),
    )
    part.forEach((time, i) => {
      const { vb = NaN, xstart_mse: xstart = NaN, mse = NaN } = terms[i] ?? {}
      const row = { ...time, vb: vb * scale, xstart_mse: xstart * scale, mse: mse * scale }
      if (!Object.values(row).every(Number.isFinite))
        throw new UserError(
          `a term of stage ${stage.index} of video ${video} is not a number: ` +
            'the weights are damaged, or their training diverged',
        )
      rows.push(row)
    })
    onStep(rows.length)
  }
  return rows
}
