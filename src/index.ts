/**
 * The public API. Videos are (B, T, H, W, C); configurations carry the original program's option names.
 */
export { UserError } from './errors.js'
export {
  startRuntime,
  type Backend,
  type Cluster,
  type Runtime,
  type RuntimeOptions,
} from './runtime/start.js'
export type { DeviceName } from './runtime/choose-device.js'
export type { Precision } from './runtime/compile-settings.js'
export type { Device } from './runtime/devices.js'

export type { DiffusionConfig, ModelConfig, NetworkConfig } from './config/model.js'
export { resolveModelConfig, resolveTrainConfig } from './config/strict-configs.js'
export { createModel, type TorchParameters, type VideoModel } from './model/video-model.js'
export { toTorchLayout } from './model/torch-layout.js'
export type { OnAttention } from './model/factorized-attention.js'
export type { UNetInputs, UNetOptions } from './model/unet.js'
export type { Parameters as ModelParameters } from './nn/scope.js'
export { loadCheckpoint, type Checkpoint } from './training/checkpoints/load-checkpoint.js'
export { writeCheckpoint, type CheckpointContent } from './training/checkpoints/write-checkpoint.js'

export { createDiffusion, type GaussianDiffusion } from './diffusion/gaussian-diffusion.js'
export type { StepTable } from './diffusion/step-table.js'
export type { Schedule } from './diffusion/schedule.js'
export { trainingLosses, type LossInputs, type Losses } from './diffusion/losses.js'
export {
  likelihoodTerms,
  priorBits,
  type LikelihoodInputs,
  type LikelihoodTensors,
  type LikelihoodTerms,
} from './diffusion/likelihood.js'
export { ancestralSampler } from './diffusion/samplers/ancestral.js'
export { ddimSampler, type DdimOptions } from './diffusion/samplers/ddim.js'
export { dpmSolverSampler, sdeDpmSolverSampler, type SolverOptions } from './diffusion/samplers/dpm-solver.js'
export type { SamplerSchedule } from './diffusion/samplers/sampler-schedule.js'
export { samplerOf } from './diffusion/samplers/sampler.js'
export type {
  Conditioning,
  Denoised,
  Denoiser,
  Network,
  NoiseSource,
  Sampler,
  SamplerRun,
  SamplerState,
  SamplerStep,
} from './diffusion/types.js'

export { fixedScheme, type FixedScheme } from './schemes/fixed-scheme.js'
export { findScheme, samplingSchemes } from './schemes/registry.js'
export { planVideo } from './schemes/plan.js'
export { range } from './schemes/range.js'
export type { FrameDistances, SamplingScheme, SchemeSettings, Stage } from './schemes/types.js'
export { sampleVideo } from './sampling/sample-video.js'
export type { SampleVideoOptions, SamplingProgress } from './sampling/stages/sample-video-options.js'
export {
  denoisingStep,
  type DenoisingSetup,
  type DenoisingStep,
  type SamplingDiffusion,
  type SamplingModel,
} from './sampling/stages/denoising-step.js'
export {
  adaptiveFeatures,
  type AdaptiveFeatures,
  type AdaptiveFeaturesOptions,
} from './sampling/features/adaptive-features.js'
export type { FrameComparer, FrameFeatures } from './sampling/features/frame-features.js'
export type { SquaredDistances } from './squared-distance.js'
export { filmOf, type Film, type VideoBatch } from './sampling/videos/video-batch.js'
export { encodeGif } from './video/gif.js'
export { heldOutLoss, type HeldOutLossOptions } from './evaluation/held-out-loss.js'

export { openDataset, type OpenDatasetOptions } from './data/registry.js'
export type { VideoDataset, VideoEntry } from './data/dataset.js'
export type { Resize } from './data/decode-video.js'
export type { BadVideo } from './data/file-dataset.js'
export { fromPixels, toPixels } from './data/pixels.js'

export type { TrainConfig, TrainingConfig } from './config/training.js'
export { runtimeOptions, type RuntimeConfig } from './config/runtime-options.js'
export { train } from './training/train.js'
export type { ResolvedTrainConfig, Saved } from './training/checkpoints/save-checkpoint.js'
export type { RunResult, RunStart, TrainRun } from './training/train-run.js'
export type { BadStep, BadStepVideo } from './training/bad-steps/bad-step-report.js'
export type { DiskNews } from './training/outages/disk-news.js'
export type { SavePatience } from './training/outages/save-patience.js'
export type { AttentionMap } from './training/previews/attention-maps.js'
export type { ItemSource } from './training/batches/item.js'
export type { Anew } from './training/checkpoints/resume.js'
export { resumeTrainConfig } from './training/checkpoints/resume-train-config.js'
export type { RunPlace } from './training/run-place.js'
export type { Preview, PreviewAttention } from './training/previews/sample-preview.js'
export { previewFilms } from './training/previews/preview-films.js'
export type { ClaimOptions } from './claims/claims.js'
export type { RankGroup } from './runtime/rank-group.js'
export { eventFile } from './tracking/tensorboard/event-file.js'
export type { Media, Metrics, Tracker } from './tracking/tracker.js'

export {
  isOrderedDict,
  isTuple,
  orderedDict,
  PyFloat,
  readTorchFile,
  tensor,
  TorchTensor,
  tuple,
  writeTorchFile,
  type DType,
  type ReadableDType,
  type TensorData,
  type TorchInput,
  type TorchRecord,
  type TorchStorage,
  type TorchValue,
} from './torch-file/index.js'
