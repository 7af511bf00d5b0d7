import { fillModelConfig } from '../src/config/model.js'
import type { PlanningConfig } from '../src/config/planning.js'
import { respacingWarning } from '../src/diffusion/respacing-warning.js'
import { respacedTimesteps } from '../src/diffusion/respacing.js'
import { UserError } from '../src/errors.js'
import { comparesOnGpu, featuresMemory } from '../src/sampling/features/features-memory.js'
import { chosenScheme } from '../src/sampling/runs/chosen-scheme.js'
import { schemeSettings } from '../src/sampling/stages/scheme-settings.js'
import { outlineVideo } from '../src/schemes/plan.js'
import { planRecord } from '../src/schemes/plan-record.js'
import type { SamplingScheme, SchemeSettings, Stage } from '../src/schemes/types.js'
import { readCheckpointFile } from '../src/torch-file/index.js'
import { drawPlan } from '../src/video/visualise.js'
import { askedLength, type DatasetConfig } from './open-dataset.js'
import { costLines, planLines, type Cost } from './plan-lines.js'
import type { Terminal } from './terminal.js'

/** Steps of the diffusion process where no checkpoint says it. */
const DIFFUSION_STEPS = 1000
/** Which of a model's results lie where its schedules do. */
const ANCESTRAL = { sampler: 'ancestral', eta: 0, timestepRespacing: '' } as const
/** A value of a frame is kept as a byte in the video, and as float32 once sampled. */
const FRAME_VALUE_BYTES = 5

/**
 * Shows what sampling would do; nothing is sampled.
 * @throws UserError for settings that cannot work.
 */
export async function runPlanning(
  options: PlanningConfig & { readonly sampling_scheme: string },
  terminal: Terminal,
): Promise<void> {
  const { checkpoint } = options
  const file = checkpoint === '' ? undefined : readCheckpointFile(checkpoint)
  const config = file?.config
  const settings = schemeSettings(options, videoLength(options.T, config), config?.max_frames)
  const results = file && { checkpoint, step: file.step, ...ANCESTRAL }
  const { scheme, optimised } = chosenScheme(options, settings, results)
  if (options.picture !== '' && scheme.adaptive)
    throw new UserError(
      `--picture: ${scheme.name} chooses by what frames look like; sample --just_visualise draws it`,
    )
  if (options.picture !== '' && !/\.(png|svg)$/i.test(options.picture))
    throw new UserError(`--picture takes a file that ends in .png or .svg, not ${options.picture}`)
  const stages = outlineVideo(scheme, settings)
  const plan = planRecord(scheme, settings, stages, 'outlined')
  const diffusion_steps = diffusionSteps(options, config)
  const steps = respacedTimesteps(diffusion_steps, options.timestep_respacing).length
  const { timestep_respacing } = options
  const warning =
    config && respacingWarning({ ...fillModelConfig(config), diffusion_steps, timestep_respacing })
  const measurement =
    config && options.measure ? await measured(options, settings, stages, steps, terminal) : undefined
  const cost = {
    batch_size: options.batch_size,
    diffusion_steps: steps,
    network_calls: stages.length * steps,
    ...comparing(options, scheme, settings, config, measurement?.onGpu ?? false),
    ...measurement?.cost,
  }
  if (options.picture !== '') {
    const optimality = optimised && { optimality: optimised.optimality }
    const drawn = { scheme: scheme.name, settings, stages, ...optimality }
    await drawPlan(drawn, options.picture, terminal.signal)
  }
  if (options.json) terminal.log(JSON.stringify({ ...plan, ...cost, warning }))
  else for (const line of [...planLines(plan), ...costLines(cost)]) terminal.log(line)
  if (!options.json && warning !== undefined) terminal.log(`warning: ${warning}`)
}

function videoLength(T: number, config: DatasetConfig | undefined): number {
  if (config || T !== -1) return askedLength(T, config ?? {})
  throw new UserError('--T is missing: without a checkpoint nothing says how long videos are')
}

function diffusionSteps(
  { diffusion_steps: asked }: PlanningConfig,
  config: DatasetConfig | undefined,
): number {
  const { diffusion_steps: trained } = config ?? {}
  return asked ?? (typeof trained === 'number' ? trained : DIFFUSION_STEPS)
}

/**
 * What an adaptive scheme keeps of frames, to compare them, if it is known how large these are. Where nothing was
 * measured, nothing has looked for a GPU.
 */
function comparing(
  { adaptive_features: kind, batch_size: batchSize }: PlanningConfig,
  { adaptive }: SamplingScheme,
  { videoLength }: SchemeSettings,
  config: DatasetConfig | undefined,
  onGpu: boolean,
): Partial<Cost> {
  if (!adaptive || typeof config?.image_size !== 'number') return {}
  const { embeddingBytes, distanceBytes } = featuresMemory(kind, videoLength, config.image_size, onGpu)
  return {
    adaptive_features: kind,
    embedding_bytes: batchSize * embeddingBytes,
    ...(comparesOnGpu(kind, onGpu) && { embeddings_on_gpu: true }),
    distance_bytes: batchSize * distanceBytes,
  }
}

/** Measures a call of the largest stage; smaller ones are taken to cost less in proportion. */
async function measured(
  { checkpoint: file, batch_size, precision, xla, backend, device, timestep_respacing, json }: PlanningConfig,
  settings: SchemeSettings,
  stages: readonly Stage[],
  steps: number,
  terminal: Terminal,
): Promise<{ readonly cost: Partial<Cost>; readonly onGpu: boolean }> {
  const { startRuntime } = await import('../src/runtime/start.js')
  const { loadCheckpoint } = await import('../src/training/checkpoints/load-checkpoint.js')
  const { createDiffusion } = await import('../src/diffusion/gaussian-diffusion.js')
  const { ancestralSampler } = await import('../src/diffusion/samplers/ancestral.js')
  const { graphicsMemoryUsed } = await import('../src/runtime/devices.js')
  const { computesOnGpu } = await import('../src/runtime/native-extension.js')
  const { measureCall } = await import('../src/sampling/stages/measure-call.js')
  // Of the same cards before and after: a device that is chosen hides the others.
  const visible = { ...process.env }
  const taken = graphicsMemoryUsed(visible)
  const runtime = await startRuntime({ backend, precision, xla, device })
  if (!json) terminal.log(runtime.description)
  const { model, config } = loadCheckpoint(file)
  const largest = stages.reduce((most, stage) => (sizeOf(stage) > sizeOf(most) ? stage : most))
  const measuredCall = async () => {
    const diffusion = createDiffusion({ ...fillModelConfig(config), timestep_respacing })
    const setup = { model, diffusion, sampler: ancestralSampler(diffusion.schedule), clipDenoised: true }
    const call = await measureCall(setup, largest, batch_size, () => performance.now() / 1000)
    return { ...call, taken: graphicsMemoryUsed(visible) }
  }
  const call = await measuredCall().finally(() => {
    model.dispose()
  })
  const onGpu = computesOnGpu()
  const onCards = onGpu && taken !== undefined && call.taken !== undefined ? call.taken - taken : 0
  const frames = stages.reduce((sum, stage) => sum + sizeOf(stage), 0)
  const cost = {
    seconds_per_call: call.seconds,
    seconds_per_batch: call.firstSeconds + (call.seconds * steps * frames) / sizeOf(largest),
    parameter_bytes: call.parameterBytes,
    frame_bytes: batch_size * settings.videoLength * model.config.image_size ** 2 * 3 * FRAME_VALUE_BYTES,
    peak_memory_bytes: process.resourceUsage().maxRSS * 1024,
    // Not where others have freed more meanwhile than was taken here.
    ...(onCards > 0 && { gpu_memory_bytes: onCards }),
  }
  return { cost, onGpu }
}

const sizeOf = ({ observed, latent }: Stage) => observed.length + latent.length
