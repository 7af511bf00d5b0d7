import { fromPixels } from '../data/pixels.js'
import { createDiffusion, type GaussianDiffusion } from '../diffusion/gaussian-diffusion.js'
import type { StepTable } from '../diffusion/step-table.js'
import { trainingLosses } from '../diffusion/losses.js'
import { ancestralSampler } from '../diffusion/samplers/ancestral.js'
import type { Conditioning } from '../diffusion/types.js'
import { parameterSpecs } from '../model/parameters.js'
import { createModel, type VideoModel } from '../model/video-model.js'
import type { Parameters } from '../nn/scope.js'
import { compile } from '../runtime/compile.js'
import { compileSettings } from '../runtime/compile-settings.js'
import type { RankGroup } from '../runtime/rank-group.js'
import { tf, type Tensor5D } from '../runtime/tf.js'
import { denoisingStep } from '../sampling/stages/denoising-step.js'
import { stageNoise, stageSeeds } from '../sampling/stages/stage-noise.js'
import type { Batch } from '../training/batches/batch.js'
import { initialState } from '../training/step/state.js'
import { timestepSampler } from '../training/step/timestep-sampler.js'
import { trainedNetwork } from '../training/step/trained-network.js'
import { createTrainer, type Trainer } from '../training/step/trainer.js'
import { procedural, proceduralWeights } from './procedural.js'
import type { SideJob } from './side-job.js'

/** Steps of a job, ready to run. */
export interface PreparedSteps {
  /** Losses for inputs and noise that all sides make the same, one per video. */
  losses(): Promise<readonly number[]>
  /** Starts a series of steps: each call of the result is one, done when its promise is. */
  begin(): () => Promise<void>
}

/**
 * Makes network, batch and what else the job's steps need. The runtime must have been started.
 * @param ranks those that share the steps of a training job, each with a batch like this
 */
export function prepareSteps(job: SideJob, ranks?: RankGroup): PreparedSteps {
  const parameters = parameterSpecs(job.model).map((spec, i) => {
    const values = proceduralWeights(spec, i)
    return [spec.name, { shape: spec.shape, toFloat32: () => values }] as const
  })
  const model = createModel(job.model, { parameters: new Map(parameters) })
  const diffusion = createDiffusion(job.model)
  const batch = makeBatch(job)
  return {
    losses: () => lossesOf(job, model, diffusion, batch),
    begin:
      job.task === 'train'
        ? trainingSteps(job, model, diffusion, batch, ranks)
        : samplingSteps(job, model, diffusion, batch),
  }
}

/** Seeds of `procedural` for the batch's pixels and for the noise of the losses. */
const PIXELS = 1001
const NOISE = 1002

/** Random pixels; the first half of the frames is observed, the others are latent. */
function makeBatch({ batch: B, frames: T, model: { image_size: size } }: SideJob): Batch {
  const values = channelsLast(procedural(B * T * 3 * size * size, PIXELS), size)
  const isObserved = (_: number, i: number) => (i % T < Math.floor(T / 2) ? 1 : 0)
  const obsMask = Float32Array.from({ length: B * T }, isObserved)
  return {
    shape: [B, T, size, size, 3],
    pixels: Uint8Array.from(values, (value) => Math.floor((value + 1) * 128)),
    obsMask,
    latentMask: obsMask.map((observed) => 1 - observed),
    lossMask: obsMask.map((observed) => 1 - observed),
    frameIndices: Int32Array.from({ length: B * T }, (_, i) => 3 * (i % T)),
  }
}

/** Pictures of PyTorch's layout, (.., 3, size, size), as (.., size, size, 3). */
function channelsLast(values: Float32Array, size: number): Float32Array {
  const places = size * size
  return values.map((_, i) => {
    const picture = Math.floor(i / (3 * places))
    const place = Math.floor(i / 3) % places
    return values[(picture * 3 + (i % 3)) * places + place] ?? NaN
  })
}

function onDevice({ shape, pixels, obsMask, latentMask, frameIndices }: Batch): Conditioning {
  const [B, T] = shape
  return {
    x0: tf.tensor5d(fromPixels(pixels), [...shape]),
    obsMask: tf.tensor2d(obsMask, [B, T]),
    latentMask: tf.tensor2d(latentMask, [B, T]),
    frameIndices: tf.tensor2d(frameIndices, [B, T], 'int32'),
  }
}

async function lossesOf(
  { batch: B }: SideJob,
  model: VideoModel,
  diffusion: GaussianDiffusion,
  batch: Batch,
): Promise<readonly number[]> {
  const { shape } = batch
  const spacing = Math.floor(diffusion.numTimesteps / (B + 1))
  const at = diffusion.at(Array.from({ length: B }, (_, b) => (b + 1) * spacing))
  const given = onDevice(batch)
  const noise = tf.tensor5d(channelsLast(procedural(batch.pixels.length, NOISE), shape[2]), [...shape])
  const compiled = compile(
    (parameters: Parameters, conditioning: Conditioning, noise: Tensor5D, at: StepTable) =>
      trainingLosses(diffusion, model.with(parameters).conditioned(conditioning), {
        x0: conditioning.x0,
        noise,
        at,
        lossMask: conditioning.latentMask,
        evalMask: conditioning.latentMask,
      }),
    compileSettings(),
  )
  const { loss, ...others } = compiled(model.parameters, given, noise, at)
  const values = await loss.data()
  tf.dispose([loss, others, { ...given }, noise, at])
  compiled.dispose()
  return [...values]
}

/** Whole updates: forward, backward, gradient norm, AdamW, average, and the losses back on the host. */
function trainingSteps(
  { model: config }: SideJob,
  model: VideoModel,
  diffusion: GaussianDiffusion,
  batch: Batch,
  ranks: RankGroup | undefined,
): PreparedSteps['begin'] {
  let trainer: Trainer | undefined
  const start = () => {
    const state = initialState(model.parameters, 1)
    model.dispose()
    return createTrainer({
      config: { lr: 1e-4, lr_anneal_steps: 0, weight_decay: 0, seed: 0 },
      network: trainedNetwork(config),
      diffusion,
      emaRates: [0.9999],
      timestepSampler: timestepSampler('uniform', diffusion.numTimesteps),
      state,
      step: 0,
      optimizerStep: 0,
      ranks,
    })
  }
  return () => {
    const started = (trainer ??= start())
    return async () => {
      const { fault } = await started.update([batch])
      if (fault !== undefined) throw new Error(`a step of the benchmark is no step: ${fault}`)
    }
  }
}

/** Steps of the diffusion process backwards, from its start. */
function samplingSteps(
  { batch: B, model: { image_size: size }, frames: T }: SideJob,
  model: VideoModel,
  diffusion: GaussianDiffusion,
  batch: Batch,
): PreparedSteps['begin'] {
  const sampler = ancestralSampler(diffusion.schedule)
  const denoise = denoisingStep({ model, diffusion, sampler, clipDenoised: true })
  const conditioning = onDevice(batch)
  const keys = Array.from({ length: B }, (_, video) => ({ seed: 0, video, sampleIdx: 0, stage: 0 }))
  let x: Tensor5D | undefined
  return () => {
    x?.dispose()
    x = stageNoise(keys, [T, size, size, 3], 'start')
    let t = diffusion.numTimesteps - 1
    return async () => {
      const before = x
      if (!before) throw new Error('the steps were not begun')
      const [after] = tf.tidy(() => denoise.run(conditioning, [before], t, stageSeeds(keys, t)))
      before.dispose()
      x = after
      t = Math.max(t - 1, 1)
      // On a GPU a step is over when one of its numbers is there.
      const corner = tf.tidy(() => tf.slice(after, [0, 0, 0, 0, 0], [1, 1, 1, 1, 1]))
      await corner.data()
      corner.dispose()
    }
  }
}
