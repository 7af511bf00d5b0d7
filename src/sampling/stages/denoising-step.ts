import type { GaussianDiffusion } from '../../diffusion/gaussian-diffusion.js'
import type { StepTable } from '../../diffusion/step-table.js'
import { LEAVE_LAST_STEP_OUT, requireSignal } from '../../diffusion/require-signal.js'
import type { Conditioning, Network, SamplerState, SamplerStep } from '../../diffusion/types.js'
import { videoNoise } from '../../diffusion/video-noise.js'
import type { Parameters } from '../../nn/scope.js'
import { compile } from '../../runtime/compile.js'
import { compileSettings } from '../../runtime/compile-settings.js'
import { tf, type Tensor1D, type Tensor2D, type Tensor5D } from '../../runtime/tf.js'

/** What sampling needs of a model: its parameters, and the network as a pure function of them. */
export interface SamplingModel {
  readonly config: { readonly image_size: number }
  readonly parameters: Parameters
  with(parameters: Parameters): { conditioned(conditioning: Conditioning): Network }
}

/** What sampling needs of a diffusion process. */
export type SamplingDiffusion = Pick<
  GaussianDiffusion,
  'config' | 'schedule' | 'numTimesteps' | 'at' | 'pMeanVariance'
>

export interface DenoisingSetup {
  readonly model: SamplingModel
  readonly diffusion: SamplingDiffusion
  readonly sampler: SamplerStep
  /** Whether guesses of clean frames are kept within the range of pixels. */
  readonly clipDenoised: boolean
}

/** One step of the diffusion process backwards. */
export interface DenoisingStep {
  /** How many tensors the sampler carries from step to step. */
  readonly numCarried: number
  /**
   * @param state x_t, (B, K, H, W, C), and what is carried, of the same shape
   * @param noiseSeeds one per video, (B, 2), int32
   * @returns the state at x_{t-1}, which the caller owns
   */
  run(
    conditioning: Conditioning,
    state: SamplerState,
    t: number,
    noiseSeeds: Tensor2D,
  ): [x: Tensor5D, ...carried: Tensor5D[]]
  dispose(): void
}

/**
 * The network, what its output means, the sampler's update and its noise as one compiled function.
 * @throws UserError if nothing is left of a frame at the last step in use, from which the sampler cannot go on.
 */
export function denoisingStep({ model, diffusion, sampler, clipDenoised }: DenoisingSetup): DenoisingStep {
  // From a clean frame ancestral steps go on without the noise.
  const isLenient = sampler.name === 'ancestral' && diffusion.config.predict_xstart
  if (!isLenient) requireSignal(diffusion, LEAVE_LAST_STEP_OUT)
  const step = (
    parameters: Parameters,
    conditioning: Conditioning,
    state: SamplerState,
    at: StepTable,
    weights: Tensor1D,
    seeds: Tensor2D,
  ): SamplerState => {
    const [x] = state
    const network = model.with(parameters).conditioned(conditioning)
    const denoised = diffusion.pMeanVariance(network, x, at, { clipDenoised })
    return sampler.update(state, denoised, weights, () => videoNoise(seeds, x.shape))
  }
  const compiled = compile(step, compileSettings())
  return {
    numCarried: sampler.numCarried,
    run: (conditioning, state, t, seeds) =>
      tf.tidy((): [Tensor5D, ...Tensor5D[]] => {
        const at = diffusion.at(Array.from({ length: state[0].shape[0] }, () => t))
        const weights = tf.tensor1d([...sampler.weights(t)])
        return [...compiled(model.parameters, conditioning, state, at, weights, seeds)]
      }),
    dispose: compiled.dispose,
  }
}
