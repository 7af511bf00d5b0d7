import type { SamplingScheme, SchemeSettings, Stage } from './types.js'

/** A plan as plain data, under the names of the options. */
export interface PlanRecord {
  readonly sampling_scheme: string
  readonly T: number
  /** How many first frames are given, or which. */
  readonly observed: number | readonly number[]
  readonly max_frames: number
  readonly max_latent_frames: number
  readonly stages: readonly StageRecord[]
}

export interface StageRecord {
  /** Frames conditioned on, in the order they are fed; null if they are chosen by what frames look like. */
  readonly observed: readonly number[] | null
  /** How many these are. */
  readonly num_observed: number
  readonly latent: readonly number[]
}

/**
 * The plan of a video.
 * @param known how the stages are known: sampled in, or by `outlineVideo`, which has not looked at frames
 */
export function planRecord(
  scheme: SamplingScheme,
  settings: SchemeSettings,
  stages: readonly Stage[],
  known: 'sampled' | 'outlined',
): PlanRecord {
  const record = ({ observed, latent }: Stage): StageRecord => ({
    // An unconditional stage leaves nothing to choose.
    observed: scheme.adaptive && known === 'outlined' && observed.length > 0 ? null : observed,
    num_observed: observed.length,
    latent,
  })
  return {
    sampling_scheme: scheme.name,
    T: settings.videoLength,
    observed: settings.observed,
    max_frames: settings.maxFrames,
    max_latent_frames: settings.stepSize,
    stages: stages.map(record),
  }
}
