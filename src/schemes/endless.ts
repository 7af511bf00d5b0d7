import { UserError } from '../errors.js'
import { outlineVideo } from './plan.js'
import type { SamplingScheme, SchemeSettings, Stage } from './types.js'

export interface EndlessSettings {
  /** Frames of a chunk, given ones included: no more than the model saw of a video in training. */
  readonly chunkLength: number
  /** First frames of the whole video that are given (0: none). */
  readonly numObserved: number
  /** K: most frames the network takes at once. */
  readonly maxFrames: number
  /** Most new frames per stage. */
  readonly stepSize: number
}

/** A part of a video without end, which a scheme completes as a video of its own. */
export interface Chunk {
  /** Counted from 0. */
  readonly index: number
  /** Position in the whole video of the chunk's first frame. */
  readonly start: number
  /** How many first frames of the chunk are done before: frames `start` .. `start + observed - 1`. */
  readonly observed: number
  /** How the rest is completed, with positions counted from `start`. */
  readonly settings: SchemeSettings
  /** What is known of the stages beforehand: see `outlineVideo`. */
  readonly stages: readonly Stage[]
}

/**
 * The chunks of a video without end. Each starts from the last half-length of what is done before it, the
 * first one from as many of the given frames, so that positions never grow beyond those of training. A
 * chunk depends on nothing but its index: a run that was stopped goes on with the first one that is missing.
 * @returns any chunk by its index
 * @throws UserError for settings with which `scheme` cannot complete chunks.
 */
export function endlessChunks(scheme: SamplingScheme, settings: EndlessSettings): (index: number) => Chunk {
  const { chunkLength, numObserved, maxFrames, stepSize } = settings
  const half = Math.floor(chunkLength / 2)
  if (!(half >= 1)) throw new UserError(`a chunk has at least 2 frames, not ${chunkLength}`)
  const plan = (observed: number) => {
    const chunk = { videoLength: chunkLength, observed, maxFrames, stepSize }
    return { observed, settings: chunk, stages: outlineVideo(scheme, chunk) }
  }
  const [first, later] = [plan(Math.min(half, numObserved)), plan(half)]
  const start = numObserved - first.observed
  return (index) => ({
    index,
    start: start + index * (chunkLength - half),
    ...(index === 0 ? first : later),
  })
}
