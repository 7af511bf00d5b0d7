/**
 * The public API. Videos are (B, T, H, W, C); configurations carry the original program's option names.
 */
export { UserError } from './errors.js'
export { startRuntime, type Backend, type Runtime, type RuntimeOptions } from './runtime/start.js'
export type { Precision } from './runtime/compile-settings.js'

export {
  resolveModelConfig,
  type DiffusionConfig,
  type ModelConfig,
  type NetworkConfig,
} from './config/model.js'
export { createModel, type TorchParameters, type VideoModel } from './model/video-model.js'
export { toTorchLayout } from './model/torch-layout.js'
export type { UNetInputs, UNetOptions } from './model/unet.js'
export { loadCheckpoint, type Checkpoint } from './training/load-checkpoint.js'

export { createDiffusion, type GaussianDiffusion, type StepTable } from './diffusion/gaussian-diffusion.js'
export { trainingLosses, type LossInputs, type Losses } from './diffusion/losses.js'
export {
  likelihoodTerms,
  priorBits,
  type LikelihoodInputs,
  type LikelihoodTerms,
} from './diffusion/likelihood.js'
export { ancestralSampler } from './diffusion/samplers/ancestral.js'
export { ddimSampler } from './diffusion/samplers/ddim.js'
export { dpmSolverSampler, sdeDpmSolverSampler } from './diffusion/samplers/dpm-solver.js'
export type { Conditioning, Denoised, Denoiser, Network, Sampler, SamplerState } from './diffusion/types.js'

export { samplingSchemes } from './schemes/registry.js'
export { planVideo } from './schemes/plan.js'
export type { FrameDistances, SamplingScheme, SchemeSettings, Stage } from './schemes/types.js'
export { sampleVideo } from './sampling/sample-video.js'
export type { SampleVideoOptions, SamplingProgress } from './sampling/sample-video-options.js'
export type { SamplingDiffusion, SamplingModel } from './sampling/denoising-step.js'
export type { VideoBatch } from './sampling/video-batch.js'

export { openDataset } from './data/registry.js'
export type { VideoDataset } from './data/dataset.js'

export {
  orderedDict,
  PyFloat,
  readTorchFile,
  tensor,
  TorchTensor,
  tuple,
  writeTorchFile,
  type DType,
  type TorchInput,
  type TorchRecord,
  type TorchValue,
} from './torch-file/index.js'
