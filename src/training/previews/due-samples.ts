import type { RunningMeans } from '../../tracking/running-means.js'

/** When a loop samples videos: every so many steps and once early, never twice after the same step. */
export interface DueSamples {
  /** The step after which videos were sampled last, where that is known. */
  readonly sampledAt: number | undefined
  /** Samples if that is due after this step. */
  after(step: number): Promise<void>
}

export interface DueSamplesSetup {
  /** Says whether it came to an end. Nothing is ever due without it. */
  readonly sample?: (() => Promise<boolean>) | undefined
  /** Steps. */
  readonly interval: number
  /** What a resumed run knows of the time before. */
  readonly sampledAt?: number | undefined
  /** Get how long it took, and how long it was since the time before. */
  readonly means: RunningMeans
  /** Milliseconds since some moment. */
  readonly now: () => number
}

/** The first samples come early: a look at whether everything works. */
const FIRST_SAMPLES = 5

export function dueSamples({ sample, interval, means, now, ...before }: DueSamplesSetup): DueSamples {
  let { sampledAt } = before
  let ended: number | undefined
  const isDue = (step: number) => sampledAt !== step && (step % interval === 0 || step === FIRST_SAMPLES)
  return {
    get sampledAt() {
      return sampledAt
    },
    async after(step) {
      if (!sample || !isDue(step)) return
      const start = now()
      if (ended !== undefined) means.add('timing/time_between_samples', (start - ended) / 1000)
      if (!(await sample())) return
      sampledAt = step
      ended = now()
      means.add('timing/sampling_time', (ended - start) / 1000)
    },
  }
}
