import { fromPixels } from '../../data/pixels.js'
import type { GaussianDiffusion } from '../../diffusion/gaussian-diffusion.js'
import type { StepTable } from '../../diffusion/step-table.js'
import { likelihoodTermsAt, type LikelihoodTerms } from '../../diffusion/likelihood.js'
import type { Conditioning } from '../../diffusion/types.js'
import { videoNoise } from '../../diffusion/video-noise.js'
import { outputRows } from '../../model/output-rows.js'
import { nextTurn } from '../../next-turn.js'
import type { Parameters } from '../../nn/scope.js'
import { compile } from '../../runtime/compile.js'
import { compileSettings } from '../../runtime/compile-settings.js'
import { tf, type Tensor2D } from '../../runtime/tf.js'
import { range } from '../../schemes/range.js'
import type { Stage } from '../../schemes/types.js'
import type { SamplingModel } from './denoising-step.js'

/** One look at a stage of a true video, at one diffusion step. */
export interface BoundRow {
  /** (K, H, W, 3), uint8: the observed frames, then the latent ones. */
  readonly pixels: Uint8Array
  readonly stage: Stage
  /** 0 <= t < numTimesteps */
  readonly t: number
  /** Decides the noise. */
  readonly seed: readonly [number, number]
}

/** Terms of one row, as means over all values of its K frames, latent ones alone counting. */
export type BoundTerms = Readonly<Record<keyof LikelihoodTerms, number>>

/** The terms of the variational bound for rows of true videos. */
export interface BoundStep {
  /** @param rows at least one, all of equally many frames */
  run(rows: readonly BoundRow[]): Promise<BoundTerms[]>
  dispose(): void
}

export interface BoundSetup {
  readonly model: SamplingModel
  readonly diffusion: GaussianDiffusion
  /** Whether guesses of clean frames are kept within the range of pixels. */
  readonly clipDenoised: boolean
}

/**
 * Recordings that are kept, one for each number of frames. An optimised schedule goes through all numbers up
 * to K in every stage; a recording holds 10 to 20 MB and is made in the time of a few calls, of thousands.
 */
const MOST_RECORDINGS = 4

/** Noise, network and terms as one compiled function. */
export function boundStep({ model, diffusion, clipDenoised }: BoundSetup): BoundStep {
  const step = (parameters: Parameters, conditioning: Conditioning, at: StepTable, seeds: Tensor2D) => {
    const { x0, latentMask: mask } = conditioning
    const network = model.with(parameters).conditioned(conditioning)
    const noise = videoNoise(seeds, x0.shape)
    return { ...likelihoodTermsAt(diffusion, network, { x0, at, noise, mask, clipDenoised }) }
  }
  const compiled = compile(step, compileSettings(), MOST_RECORDINGS)
  return {
    async run(rows) {
      const terms = tf.tidy(() => {
        const at = diffusion.at(rows.map(({ t }) => t))
        const seeds = tf.tensor2d(
          rows.map(({ seed }) => [...seed]),
          [rows.length, 2],
          'int32',
        )
        return compiled(model.parameters, conditioningOf(rows, model.config.image_size), at, seeds)
      })
      try {
        const [vb, xstart, mse] = await Promise.all(
          [terms.vb, terms.xstart_mse, terms.mse].map((term) => term.data<'float32'>()),
        )
        return rows.map((_, i) => ({
          vb: vb?.[i] ?? NaN,
          xstart_mse: xstart?.[i] ?? NaN,
          mse: mse?.[i] ?? NaN,
        }))
      } finally {
        tf.dispose(terms)
        await nextTurn()
      }
    },
    dispose: compiled.dispose,
  }
}

/** Unlike in sampling, latent frames are known. */
function conditioningOf(rows: readonly BoundRow[], size: number): Conditioning {
  const B = rows.length
  const K = rows[0] ? framesOf(rows[0]).length : 0
  const bytes = K * size * size * 3
  const pixels = new Uint8Array(B * bytes)
  rows.forEach((row, b) => {
    if (framesOf(row).length !== K || row.pixels.length !== bytes)
      throw new Error('the rows of a batch are of different sizes')
    pixels.set(row.pixels, b * bytes)
  })
  const isLatent = rows.flatMap(({ stage }) => range(K).map((k) => (k < stage.observed.length ? 0 : 1)))
  const asked = outputRows(isLatent)
  return {
    x0: tf.tensor5d(fromPixels(pixels), [B, K, size, size, 3]),
    obsMask: tf.tensor2d(
      isLatent.map((latent) => 1 - latent),
      [B, K],
    ),
    latentMask: tf.tensor2d(isLatent, [B, K]),
    frameIndices: tf.tensor2d(rows.flatMap(framesOf), [B, K], 'int32'),
    outputRows: asked && tf.tensor1d(asked, 'int32'),
  }
}

const framesOf = ({ stage }: BoundRow) => [...stage.observed, ...stage.latent]
