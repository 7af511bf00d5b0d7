/** What a demo trains and samples. */
export interface DemoSettings {
  /** The run below `checkpoints`. */
  readonly runId: string
  /** Options of `train`, besides those that are the same for every demo. */
  readonly train: Readonly<Record<string, unknown>> & {
    readonly max_steps: number
    readonly ema_rate: string
  }
  /** Tasks of the held-out loss. */
  readonly lossTasks: number
  /** Test videos, their frames, and how many of them are given. */
  readonly videos: number
  readonly T: number
  readonly numObserved: number
  readonly respacing: string
}

/**
 * Small enough to learn something within minutes on two processor cores: a narrow network; short windows,
 * because a completion that goes on frame by frame needs no longer ones; the clean frame as what is
 * predicted, because that looks like something sooner than predicted noise does.
 */
const SMALL_RUN = {
  dataset: 'toy_town',
  T: 12,
  max_frames: 8,
  batch_size: 2,
  num_channels: 32,
  num_res_blocks: 1,
  diffusion_steps: 100,
  noise_schedule: 'cosine',
  predict_xstart: true,
  lr: 1e-3,
  log_interval: 50,
  unobserve: true,
}

export const FULL_DEMO: DemoSettings = {
  runId: 'demo',
  train: { ...SMALL_RUN, max_steps: 700, lr_anneal_steps: 700, save_interval: 100, ema_rate: '0.98' },
  lossTasks: 40,
  videos: 4,
  T: 24,
  numObserved: 12,
  respacing: 'ddim20',
}

/** The same in a minute, to see that everything works: nothing is learnt. */
export const SHORT_DEMO: DemoSettings = {
  runId: 'demo-short',
  train: { ...SMALL_RUN, max_steps: 20, save_interval: 10, ema_rate: '0.8' },
  lossTasks: 10,
  videos: 1,
  T: 16,
  numObserved: 8,
  respacing: 'ddim5',
}
