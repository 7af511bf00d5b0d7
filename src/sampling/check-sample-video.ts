import { counted } from '../counted.js'
import { requireStep } from '../diffusion/samplers/require-step.js'
import type { SamplerStep } from '../diffusion/types.js'
import { elementCount } from '../element-count.js'
import { UserError } from '../errors.js'
import { expectCount, expectObject } from '../expect.js'
import { requireParameters } from '../nn/require-parameters.js'
import { requireScheme } from '../schemes/plan.js'
import type { SampleVideoOptions } from './stages/sample-video-options.js'

/**
 * Checks what `sampleVideo` is given.
 * @throws UserError saying what was expected and what came.
 */
export function checkSampleVideo(options: SampleVideoOptions): void {
  const takes = 'sampleVideo takes as'
  expectObject('sampleVideo takes options with model, diffusion, scheme, videos, ..', options, {})
  const { model, diffusion, scheme, videos, videoIndices, observed, seed, sampleIdx } = options
  const { features, denoise, sampler } = options
  const modelMembers = { config: 'object', parameters: 'object', with: 'function' } as const
  expectObject(`${takes} model what createModel gives, or the model of a checkpoint`, model, modelMembers)
  expectObject(`${takes} model one that has parameters by name`, model.parameters, { values: 'function' })
  requireParameters('sampleVideo', model.parameters)
  const diffusionMembers = {
    config: 'object',
    schedule: 'object',
    at: 'function',
    pMeanVariance: 'function',
  } as const
  expectObject(`${takes} diffusion what createDiffusion gives`, diffusion, diffusionMembers)
  requireScheme('sampleVideo', scheme)
  expectObject(`${takes} videos { shape: [B, T, H, W, 3], data }`, videos, {
    shape: 'object',
    data: 'object',
  })
  const B = checkPixels(videos.shape, videos.data, model.config.image_size)
  if (videoIndices && videoIndices.length !== B)
    throw new UserError(
      `${counted(videoIndices.length, 'index was', 'indices were')} given for ${counted(B, 'video')}`,
    )
  if (typeof observed !== 'number' && !Array.isArray(observed))
    throw new UserError(`${takes} observed a number of frames, or which, not ${String(observed)}`)
  for (const video of videoIndices ?? []) expectCount(`${takes} videoIndices integers`, video, 0)
  if (seed !== undefined) expectCount(`${takes} seed an integer`, seed, 0)
  if (sampleIdx !== undefined) expectCount(`${takes} sampleIdx an integer`, sampleIdx, 0)
  if (features) expectObject(`${takes} features an object with embed`, features, { embed: 'function' })
  if (denoise) expectObject(`${takes} denoise what denoisingStep gives`, denoise, { run: 'function' })
  if (sampler) checkSampler(sampler, diffusion.numTimesteps)
}

/** A sampler of another schedule would take other steps than the diffusion process has. */
function checkSampler(sampler: SamplerStep, numTimesteps: number): void {
  requireStep('sampleVideo takes as sampler what ancestralSampler, ddimSampler or another gives', sampler)
  if (sampler.numTimesteps !== numTimesteps)
    throw new UserError(
      `the sampler takes ${counted(sampler.numTimesteps, 'step')}, the diffusion has ${numTimesteps}: ` +
        'make the sampler from the schedule of that diffusion',
    )
}

/** @returns how many videos there are. */
function checkPixels(shape: readonly number[], data: Uint8Array, size: number): number {
  const [B = 0, , H, W, C] = shape
  if (shape.length !== 5 || C !== 3)
    throw new UserError(`videos are of the shape (B, T, H, W, 3), not (${shape.join(', ')})`)
  if (B < 1) throw new UserError('there is no video to complete')
  const values = elementCount(shape)
  if (!(data instanceof Uint8Array)) throw new UserError('the pixels of videos are a Uint8Array, 0 to 255')
  if (data.length !== values)
    throw new UserError(`videos of shape (${shape.join(', ')}) have ${values} values, not ${data.length}`)
  if (H !== size || W !== size)
    throw new UserError(`the model is for frames of ${size}x${size} pixels, not ${H}x${W}`)
  return B
}
