import { UserError } from '../errors.js'
import { expectObject } from '../expect.js'
import { precisions } from '../runtime/compile-settings.js'
import { datasetOptions } from './dataset.js'
import { modelOptions, fillModelConfig, type ModelConfig } from './model.js'
import { choice, flag, float, int, resolveConfig, text, type ConfigOf } from './option.js'

/** Everything a training run is told besides what shapes model and diffusion. Defaults are the original's. */
export const trainingOptions = {
  ...datasetOptions,
  max_frames: int(20, 'K: most frames the network takes at once', { min: 1 }),
  pad_with_random_frames: flag(true, 'pad with frames of a second video, and train on them too'),
  batch_size: int(1, 'videos in a batch', { min: 1 }),
  microbatch: int(-1, 'videos whose gradients are computed at once (-1: the whole batch)', { min: -1 }),
  schedule_sampler: choice('uniform', ['uniform', 'loss-second-moment'], 'how timesteps are drawn'),
  lr: float(1e-4, 'learning rate of AdamW', { min: 0 }),
  weight_decay: float(0, 'decoupled weight decay of AdamW', { min: 0 }),
  lr_anneal_steps: int(0, 'steps over which the learning rate falls to 0; the run ends there (0: never)', {
    min: 0,
  }),
  max_steps: int(0, 'end after this many steps (0: no limit)', { min: 0 }),
  ema_rate: text('0.9999', 'decay of the averaged weights; several as "0.99,0.9999"'),
  log_interval: int(10, 'steps between lines of numbers', { min: 1 }),
  skip_grad_norm: float(
    0,
    'skip steps whose gradient norm is above this (0: only those of NaN or infinity)',
    {
      min: 0,
    },
  ),
  max_bad_steps: int(10, 'end after so many skipped steps in a row (0: never)', { min: 0 }),
  save_interval: int(50_000, 'steps between checkpoints', { min: 1 }),
  keep: int(0, 'keep the newest so many complete checkpoints, remove older ones (0: keep all)', { min: 0 }),
  sample_interval: int(50_000, 'steps between sampled videos', { min: 1 }),
  resume_checkpoint: text(
    '',
    'checkpoint to start a new run from, with its model and data; its optimizer and EMA too, if they lie beside it',
  ),
  wandb_id: text('', 'id of a run to resume; options that are not given are what they were'),
  resume_id: text('', 'the same as wandb_id'),
  allow_changed_data: flag(false, 'go on with a run although its videos are not what they were'),
  num_workers: int(-1, 'threads that read videos ahead (-1: cores - 1, 0: read when a step begins)', {
    min: -1,
  }),
  use_fp16: flag(false, "the original's name for --precision bf16"),
  fp16_scale_growth: float(
    1e-3,
    'has no effect: bfloat16 has the range of float32, so the loss is not scaled',
  ),
  precision: choice(
    'fp32',
    precisions,
    'arithmetic of convolutions and matrix products (tf32: float32 whose factors GPUs may round to TF32)',
  ),
  xla: choice(
    'auto',
    ['auto', 'on', 'off'],
    "whether TensorFlow's XLA compiles steps (auto: if a bench found that faster)",
  ),
  backend: choice('auto', ['auto', 'tensorflow', 'wasm'], 'what computes'),
  seed: int(0, 'seed of everything random', { min: 0 }),
  unobserve: flag(false, 'record nothing for Weights & Biases, whatever its variables say'),
  log_dir: text(
    '',
    "where log.jsonl and TensorBoard's event files go (default: the run's folder below checkpoints)",
  ),
} as const

/** All options of `train`: the run's and the model's, image_size left to the data set. */
export const trainOptions = { ...modelOptions, ...trainingOptions } as const

export type TrainingConfig = ConfigOf<typeof trainingOptions>

/** What a checkpoint of ours holds as `config`. */
export type TrainConfig = Omit<ModelConfig, 'image_size'> & TrainingConfig

/**
 * Checks a record of `train`'s options and fills in defaults.
 * @throws UserError naming the option and what it expects.
 */
export function fillTrainConfig(
  values: Partial<TrainConfig> | Readonly<Record<string, unknown>>,
): TrainConfig {
  expectObject('resolveTrainConfig takes options by name', values, {})
  const training: TrainingConfig = resolveConfig(trainingOptions, values)
  const { microbatch, T } = training
  if (microbatch === 0) throw new UserError('--microbatch takes -1 or a number of videos, not 0')
  if (T === 0) throw new UserError('--T takes -1 or a number of frames, not 0')
  resumeSource(training)
  emaRates(training)
  // The data set may still choose the image size; the other options are checked against a legal one.
  const model = fillModelConfig({ ...values, image_size: training.image_size ?? 64 })
  return { ...model, ...training }
}

/** What a run goes on from: another run, or a checkpoint at a path. */
export type ResumeSource = { readonly runId: string } | { readonly checkpoint: string }

/**
 * What a run goes on from; undefined if it starts anew.
 * @throws UserError if several things are named, or a run by something that is no name of a folder.
 */
export function resumeSource(
  config: Partial<Pick<TrainingConfig, 'wandb_id' | 'resume_id' | 'resume_checkpoint'>>,
): ResumeSource | undefined {
  const { wandb_id: wandbId = '', resume_id: resumeId = '', resume_checkpoint: checkpoint = '' } = config
  if (wandbId && resumeId && wandbId !== resumeId)
    throw new UserError(`--wandb_id ${wandbId} and --resume_id ${resumeId} name two runs: give one`)
  const runId = wandbId || resumeId
  if (!runId) return checkpoint ? { checkpoint } : undefined
  const option = wandbId ? '--wandb_id' : '--resume_id'
  if (checkpoint) throw new UserError(`--resume_checkpoint and ${option} both say where to go on: give one`)
  requireRunId(option, runId)
  return { runId }
}

/** @throws UserError unless a run can have this id. */
export function requireRunId(option: string, runId: string): void {
  if (!/^\w[\w.-]*$/.test(runId))
    throw new UserError(`${option} takes a run id, the name of a folder below checkpoints, not "${runId}"`)
}

/**
 * The decay rates of the averaged weights, in the order given; the first one is used for sampling.
 * @throws UserError unless each is a number from 0 to 1.
 */
export function emaRates(config: Pick<TrainingConfig, 'ema_rate'>): readonly number[] {
  const rates = config.ema_rate.split(',').map((rate) => (rate.trim() === '' ? NaN : Number(rate)))
  if (!rates.every((rate) => rate >= 0 && rate <= 1) || new Set(rates).size !== rates.length)
    throw new UserError(
      `--ema_rate takes different numbers from 0 to 1, such as "0.99,0.9999", not "${config.ema_rate}"`,
    )
  return rates
}
