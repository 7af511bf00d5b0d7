import { hostRandom } from '../random.js'
import { frameDistances } from '../sampling/frame-distances.js'
import { range } from '../schemes/range.js'
import { givenFrames } from '../schemes/settings.js'
import type { FrameDistances, SamplingScheme, SchemeSettings } from '../schemes/types.js'
import type { SquaredDistances } from '../squared-distance.js'
import { processorTime } from './processor-time.js'

/** Frames as many as in the videos of CARLA, in windows as the paper has them. */
export const LONG_VIDEO: SchemeSettings = { videoLength: 1000, observed: 36, maxFrames: 20, stepSize: 10 }

export interface PlanningSetup {
  /** Length of an embedding. */
  readonly numbers: number
  readonly repetitions: number
  /** Compares frames as they come. Default: they are compared two by two, where a scheme asks for it. */
  readonly squaredDistances?: SquaredDistances | undefined
}

/** How long one video takes, in milliseconds. */
export interface PlanningTime {
  readonly stages: number
  /** Choosing the frames of all stages: processor time. */
  readonly planning: number
  /** `squaredDistances`, besides: by the clock, as threads may share its work. */
  readonly comparing: number
}

/**
 * How long a scheme takes to plan a whole video, given the embeddings of its frames where it asks for them:
 * new frames come after each stage, as in sampling.
 * @returns one record per repetition
 */
export function measurePlanning(
  scheme: SamplingScheme,
  settings: SchemeSettings,
  { numbers, repetitions, squaredDistances }: PlanningSetup,
): readonly PlanningTime[] {
  const looks = wanderingLooks(scheme.adaptive ? settings.videoLength : 0, numbers)
  return range(repetitions).map(() => {
    let comparing = 0
    let compared = 0
    const compare: SquaredDistances | undefined =
      squaredDistances &&
      ((from, against) => {
        const [clock, begun] = [performance.now(), processorTime()]
        const distances = squaredDistances(from, against)
        comparing += performance.now() - clock
        compared += processorTime() - begun
        return distances
      })
    const done = [...givenFrames(settings)]
    const distances = distancesOf(looks, done, compare)
    const begun = processorTime()
    let stages = 0
    for (const { latent } of scheme.stages(settings, distances)) {
      done.push(...latent)
      stages++
    }
    return { stages, planning: processorTime() - begun - compared, comparing }
  })
}

/** @param done frames whose embeddings may be looked at: it grows */
function distancesOf(
  looks: readonly Float32Array[],
  done: readonly number[],
  squaredDistances: SquaredDistances | undefined,
): FrameDistances {
  const frames = {
    numFrames: looks.length,
    frameShape: [1, 1, 1] as const,
    get: (frame: number) => looks[frame] ?? new Float32Array(),
    get numDone() {
      return done.length
    },
    doneFrames: () => done,
  }
  return frameDistances(frames, { embed: (embeddings) => embeddings, squaredDistances })
}

/** Embeddings like those of a drive: each frame a little different from the one before. */
function wanderingLooks(videoLength: number, numbers: number): readonly Float32Array[] {
  const random = hostRandom('wandering')
  const steps = Float32Array.from({ length: 4096 }, () => random.uniform() - 0.5)
  let look = new Float32Array(numbers)
  return range(videoLength).map(() => {
    const offset = random.integer(0, steps.length)
    look = look.map((value, i) => value + (steps[(offset + i * 7 + (i >> 12)) % steps.length] ?? 0))
    return look
  })
}
