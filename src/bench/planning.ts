import { hostRandom } from '../random.js'
import { outlineVideo } from '../schemes/plan.js'
import { range } from '../schemes/range.js'
import type { FrameFeatures, SamplingScheme, SchemeSettings } from '../schemes/types.js'

/** Frames as many as in the videos of CARLA, in windows as the paper has them. */
export const LONG_VIDEO: SchemeSettings = { videoLength: 1000, observed: 36, maxFrames: 20, stepSize: 10 }

export interface PlanningTime {
  readonly stages: number
  /** Milliseconds of processor time, of each repetition. */
  readonly milliseconds: readonly number[]
}

/**
 * How long a scheme takes to plan a whole video, given the embeddings of its frames where it asks for them.
 * @param numbers length of an embedding
 */
export function measurePlanning(
  scheme: SamplingScheme,
  settings: SchemeSettings,
  { numbers, repetitions }: { readonly numbers: number; readonly repetitions: number },
): PlanningTime {
  const features = wanderingFeatures(settings.videoLength, numbers)
  const milliseconds = range(repetitions).map(() => {
    const begun = process.cpuUsage()
    Array.from(scheme.stages(settings, features))
    const { user, system } = process.cpuUsage(begun)
    return (user + system) / 1000
  })
  return { stages: outlineVideo(scheme, settings).length, milliseconds }
}

/** Embeddings like those of a drive: each frame a little different from the one before. */
function wanderingFeatures(videoLength: number, numbers: number): FrameFeatures {
  const random = hostRandom('wandering')
  const steps = Float32Array.from({ length: 4096 }, () => random.uniform() - 0.5)
  let look = new Float32Array(numbers)
  const looks = range(videoLength).map(() => {
    const offset = random.integer(0, steps.length)
    look = look.map((value, i) => value + (steps[(offset + i * 7 + (i >> 12)) % steps.length] ?? 0))
    return look
  })
  return { of: (frame) => looks[frame] ?? new Float32Array() }
}
