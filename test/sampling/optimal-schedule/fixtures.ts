import { optimalScheduleOptions, type OptimalScheduleConfig } from '../../../src/config/optimal-schedule.js'
import { defaultsOf } from '../../../src/config/option.js'
import { tf } from '../../../src/runtime/tf.js'
import {
  optimiseSchedule,
  type FinishedStage,
  type ScheduleCallbacks,
} from '../../../src/sampling/optimal-schedule/optimise-schedule.js'
import {
  planOptimalSchedule,
  type ScheduleInputs,
} from '../../../src/sampling/optimal-schedule/plan-optimal-schedule.js'
import { fakeDataset } from '../../training/fixtures.js'
import { fakeConfig, fakeModel, SIZE } from '../fake-model.js'

export const T = 10
/** Every frame is as bright as its distance from frame 5 is large, a little brighter in later videos. */
export const dataset = fakeDataset({
  videos: 3,
  frames: T,
  T,
  imageSize: SIZE,
  pixel: (video, frame) => 40 * Math.abs(frame - 5) + video,
})

/** Predicts that latent frames are as bright as those that are given, on average. */
export const averageModel = () =>
  fakeModel(({ x0, obsMask }) => {
    const [B, K, H, W, C] = x0.shape
    const given = tf.reshape(obsMask, [B, K, 1, 1, 1])
    const mean = tf.div(tf.sum(tf.mul(x0, given), 1, true), tf.sum(given, 1, true))
    return tf.tile(mean, [1, K, 1, 1, 1]).reshape([B, K, H, W, C])
  })
export const checkpoint = {
  path: 'checkpoints/run/ema_0.9_000012.pt',
  step: 12,
  digest: 'a0',
  config: { ...fakeConfig, timestep_respacing: '', dataset: 'fake', max_frames: 4 },
  model: averageModel(),
}

export function inputs(eval_dir: string, options: Partial<OptimalScheduleConfig> = {}) {
  const defaults = defaultsOf(optimalScheduleOptions)
  const asked = { sampling_scheme: 'autoreg', eval_dir, n_obs: 4, num_videos: 4, batch_size: 5 } as const
  return { checkpoint, options: { ...defaults, ...asked, ...options }, T }
}

export async function optimise(run: ScheduleInputs, callbacks: ScheduleCallbacks = {}, videos = dataset) {
  const plan = planOptimalSchedule(run)
  const stages: FinishedStage[] = []
  for await (const stage of optimiseSchedule(plan, run, videos, callbacks)) stages.push(stage)
  return { folder: plan.folder, stages }
}

// Latent frames 4-5, 6-7 and 8-9 are at distances 1 0, 1 2 and 3 4: these come nearest to their means.
export const BEST = new Map([
  [0, [2, 3]],
  [1, [3, 4]],
  [2, [1, 2]],
])
