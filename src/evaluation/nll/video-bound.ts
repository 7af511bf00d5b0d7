import { fromPixels } from '../../data/pixels.js'
import type { GaussianDiffusion } from '../../diffusion/gaussian-diffusion.js'
import { priorBits } from '../../diffusion/likelihood.js'
import { tf } from '../../runtime/tf.js'
import { frameOfFilm, type Film } from '../../sampling/videos/video-batch.js'
import type { Stage } from '../../schemes/types.js'
import type { TermRow } from './stage-terms.js'

/** An upper bound on the negative log-likelihood of what a stage samples, given what it conditions on. */
export interface StageBound extends Stage {
  readonly bits: number
  readonly bits_per_dimension: number
  /** The parts of it: KL of the last diffusion step to pure noise, and the sum over all steps. */
  readonly prior_bpd: number
  readonly vb_bpd: number
  /** Sums over all diffusion steps. */
  readonly xstart_mse: number
  readonly mse: number
}

/** The same of all frames of a video that are not given: the sum of its stages. */
export interface VideoBound {
  readonly video: number
  readonly bits: number
  readonly bits_per_dimension: number
  readonly stages: readonly StageBound[]
}

/**
 * Adds the terms of a video up (Ho et al. 2020, eq. 5). By the chain rule, stages add up to a bound of the
 * whole video: each conditions on frames that are given or belong to stages before it.
 */
export function videoBound(
  { film, video, stages }: { film: Film; video: number; stages: readonly Stage[] },
  terms: readonly (readonly TermRow[])[],
  diffusion: GaussianDiffusion,
): VideoBound {
  const [, H, W, C] = film.shape
  const bounds = stages.map(({ observed, latent }, i): StageBound => {
    const sum = (name: 'vb' | 'xstart_mse' | 'mse') =>
      (terms[i] ?? []).reduce((total, row) => total + row.weight * row[name], 0)
    const prior = priorOf(film, latent, diffusion)
    const bpd = sum('vb') + prior
    return {
      observed,
      latent,
      bits: bpd * latent.length * H * W * C,
      bits_per_dimension: bpd,
      prior_bpd: prior,
      vb_bpd: sum('vb'),
      xstart_mse: sum('xstart_mse'),
      mse: sum('mse'),
    }
  })
  const bits = bounds.reduce((total, stage) => total + stage.bits, 0)
  const frames = stages.reduce((total, { latent }) => total + latent.length, 0)
  return { video, bits, bits_per_dimension: bits / (frames * H * W * C), stages: bounds }
}

/** Bits per dimension. */
function priorOf(film: Film, latent: readonly number[], diffusion: GaussianDiffusion): number {
  const [, H, W, C] = film.shape
  const pixels = Buffer.concat(latent.map((t) => frameOfFilm(film, t)))
  const [bits = NaN] = tf.tidy(() => {
    const frames = tf.tensor5d(fromPixels(pixels), [1, latent.length, H, W, C])
    return priorBits(diffusion, frames).dataSync<'float32'>()
  })
  return bits
}
