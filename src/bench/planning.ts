import { hostRandom } from '../random.js'
import { tf, type Tensor2D } from '../runtime/tf.js'
import { deviceComparer } from '../sampling/features/device-comparer.js'
import { frameDistances } from '../sampling/features/frame-distances.js'
import type { FrameComparer, FrameFeatures } from '../sampling/features/frame-features.js'
import { range } from '../schemes/range.js'
import { givenFrames } from '../schemes/settings.js'
import type { SamplingScheme, SchemeSettings } from '../schemes/types.js'
import type { SquaredDistances } from '../squared-distance.js'
import { deviceEmbeddings, type DeviceEmbeddings } from './device-embeddings.js'
import { processorTime } from './processor-time.js'

/** Frames as many as in the videos of CARLA, in windows as the paper has them. */
export const LONG_VIDEO: SchemeSettings = { videoLength: 1000, observed: 36, maxFrames: 20, stepSize: 10 }

export interface PlanningSetup {
  /** Length of an embedding. */
  readonly numbers: number
  readonly repetitions: number
  /** Compares frames as they come. Default: they are compared two by two, where a scheme asks for it. */
  readonly squaredDistances?: SquaredDistances | undefined
  /** Whether they are compared on the device, where their embeddings are beforehand. */
  readonly onDevice?: boolean | undefined
  /**
   * Milliseconds, by which planning is timed. Default: processor time, to which threads of a GPU's driver would add
   * what is no planning.
   */
  readonly now?: (() => number) | undefined
}

/** How long one video takes, in milliseconds. */
export interface PlanningTime {
  readonly stages: number
  /** Choosing the frames of all stages. */
  readonly planning: number
  /**
   * Comparing frames as they come, besides, with reading the distances back: by the clock, as threads or a device may
   * do the work.
   */
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
  { numbers, repetitions, squaredDistances, onDevice = false, now = processorTime }: PlanningSetup,
): readonly PlanningTime[] {
  const looks = wanderingLooks(scheme.adaptive ? settings.videoLength : 0, numbers)
  const embeddings = onDevice && scheme.adaptive ? deviceEmbeddings() : undefined
  try {
    return range(repetitions).map(() => {
      const watch = stopwatch(now)
      const features: FrameFeatures = {
        embed: (frames) => frames,
        squaredDistances:
          squaredDistances && ((from, against) => watch.time(() => squaredDistances(from, against))),
        ...(embeddings && { comparer: () => timedComparer(embeddings, watch) }),
      }
      const done = [...givenFrames(settings)]
      const distances = frameDistances(framesOf(looks, done), features)
      const begun = now()
      let stages = 0
      for (const { latent } of scheme.stages(settings, distances)) {
        done.push(...latent)
        stages++
      }
      const planning = now() - begun - watch.apart
      distances.dispose()
      return { stages, planning, comparing: watch.clock }
    })
  } finally {
    embeddings?.dispose()
  }
}

/** Adds up what is no planning. */
interface Stopwatch {
  /** Milliseconds passed in what was timed. */
  readonly clock: number
  /** Of that and of what was only left out, by the clock of planning. */
  readonly apart: number
  time<T>(run: () => T): T
  leaveOut<T>(run: () => T): T
}

function stopwatch(now: () => number): Stopwatch {
  let [clock, apart] = [0, 0]
  const leaveOut = <T>(run: () => T): T => {
    const begun = now()
    const result = run()
    apart += now() - begun
    return result
  }
  return {
    get clock() {
      return clock
    },
    get apart() {
      return apart
    },
    leaveOut,
    time: (run) =>
      leaveOut(() => {
        const begun = performance.now()
        const result = run()
        clock += performance.now() - begun
        return result
      }),
  }
}

/** Embeddings are put on the device with the watch stopped, if they are not there yet. */
function timedComparer(embeddings: DeviceEmbeddings, watch: Stopwatch): FrameComparer {
  let given: Tensor2D | undefined
  const comparer = deviceComparer(() => given ?? tf.zeros([0, 0]))
  return {
    add(frames, shape) {
      // The comparer frees what it is given: a second name of the same numbers.
      watch.leaveOut(() => {
        given = tf.clone(embeddings.of(frames))
      })
      return watch.time(() => comparer.add(frames, shape))
    },
    dispose: () => comparer.dispose(),
  }
}

/** @param done frames whose embeddings may be looked at: it grows */
function framesOf(looks: readonly Float32Array[], done: readonly number[]) {
  return {
    numFrames: looks.length,
    frameShape: [1, 1, 1] as const,
    get: (frame: number) => looks[frame] ?? new Float32Array(),
    get numDone() {
      return done.length
    },
    doneFrames: () => done,
  }
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
