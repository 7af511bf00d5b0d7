import { chosenSampler, samplerLabel, type SamplerOptions } from '../../config/sampler.js'
import { createDiffusion, type GaussianDiffusion } from '../../diffusion/gaussian-diffusion.js'
import { createSampler } from '../../diffusion/samplers/create-sampler.js'
import { computedWith } from '../results/computed-with.js'
import type { SampledConfig } from '../results/model-config.js'
import { denoisingStep, type DenoisingStep } from '../stages/denoising-step.js'
import type { SampleRunInputs } from './plan-sample-run.js'
import type { SavedSettings } from './saved-stages.js'

/** How a command samples, whichever videos. */
export interface SamplingSetup {
  /** The checkpoint's configuration, with what sampling changes in it. */
  readonly config: SampledConfig
  readonly diffusion: GaussianDiffusion
  /** To be disposed of. */
  readonly denoise: DenoisingStep
}

type Inputs = Pick<SampleRunInputs, 'checkpoint'> & {
  readonly options: SamplerOptions &
    Pick<SampleRunInputs['options'], 'timestep_respacing' | 'clip_denoised' | 'seed'>
}

/**
 * @throws UserError for timesteps that the model does not have or cannot begin with, or samplers that contradict
 * each other.
 */
export function setUpSampling({ checkpoint: { model, config: trained }, options }: Inputs): SamplingSetup {
  const { timestep_respacing, clip_denoised: clipDenoised } = options
  const name = chosenSampler(options)
  const config = { ...trained, use_ddim: name === 'ddim', timestep_respacing }
  const diffusion = createDiffusion(config)
  const sampler = createSampler(name, diffusion.schedule, options)
  return { config, diffusion, denoise: denoisingStep({ model, diffusion, sampler, clipDenoised }) }
}

/** What sampled frames depend on, besides the scheme and its settings. The runtime must have been started. */
export function decisiveSettings({ checkpoint: { config, step }, options }: Inputs): SavedSettings {
  const { eta, timestep_respacing, clip_denoised, seed } = options
  const sampler = samplerLabel(options)
  return {
    ...config,
    // Where the data lies may change.
    data_dir: undefined,
    checkpoint_step: step,
    ...{ sampler, eta, timestep_respacing, clip_denoised, seed },
    ...computedWith(),
  }
}
