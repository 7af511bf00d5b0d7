import { checkedStages } from '../../schemes/plan.js'
import { givenFrames } from '../../schemes/settings.js'
import type { SamplingScheme, SchemeSettings, Stage } from '../../schemes/types.js'
import { frameDistances } from '../features/frame-distances.js'
import type { FrameFeatures } from '../features/frame-features.js'
import { pixelFeatures } from '../features/pixel-features.js'
import { frameStore, type FrameStore } from '../videos/frame-store.js'
import type { Film } from '../videos/video-batch.js'
import type { NoiseKey } from './stage-noise.js'

/** One video on its way through the stages of a scheme. */
export interface VideoInProgress {
  readonly key: NoiseKey
  readonly frames: FrameStore
  /** The stages that are done. */
  readonly stages: readonly Stage[]
  /** The stage to sample next: undefined once the video is done. */
  readonly next: NumberedStage | undefined
  /** Goes on to the stage after `next`, whose frames are done. */
  advance(): void
  /** Frees what its frames are compared by, as happens by itself after the last stage. Can be called again. */
  dispose(): void
}

/** Whether all stages of a video are sampled. */
export const isDone = ({ next }: Pick<VideoInProgress, 'next'>): boolean => next === undefined

export interface NumberedStage extends Stage {
  /** Counted from 0. */
  readonly index: number
}

export interface VideoToComplete {
  /** Of its frames the observed ones are known. */
  readonly given: Film
  readonly scheme: SamplingScheme
  readonly settings: SchemeSettings
  readonly key: NoiseKey
  /** What an adaptive scheme compares frames by. Default: their pixels. */
  readonly features?: FrameFeatures | undefined
}

/**
 * A video before its first stage. It walks stages of its own: a scheme may choose by what its frames are.
 * @throws UserError for settings that cannot work.
 */
export function beginVideo({ given, scheme, settings, key, features }: VideoToComplete): VideoInProgress {
  const frames = frameStore(given, givenFrames(settings))
  const distances = frameDistances(frames, features ?? pixelFeatures)
  const stages = checkedStages(scheme.name, settings, scheme.stages(settings, distances))
  let index = 0
  const walk = (): NumberedStage | undefined => {
    let stage: Stage | undefined
    try {
      stage = stages.next().value ?? undefined
    } finally {
      // Also if the first stage fails, when nobody has the video to free it.
      if (!stage) distances.dispose()
    }
    return stage && { ...stage, index: index++ }
  }
  let next = walk()
  const done: Stage[] = []
  return {
    key,
    frames,
    stages: done,
    get next() {
      return next
    },
    advance() {
      if (next) done.push({ observed: next.observed, latent: next.latent })
      next = walk()
    },
    dispose: () => distances.dispose(),
  }
}
