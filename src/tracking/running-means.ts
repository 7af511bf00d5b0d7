import type { Metrics } from './tracker.js'

/** Means of numbers that come in between two lines of the log. */
export interface RunningMeans {
  add(name: string, value: number): void
  /** The means of what came since the last call. */
  take(): Metrics
  /** What resuming needs: JSON-serialisable. */
  state(): RunningMeansState
}

/** Sum and count of each number. */
export type RunningMeansState = Readonly<Record<string, readonly [sum: number, count: number]>>

/** @param saved the state of means to go on from */
export function runningMeans(saved: RunningMeansState = {}): RunningMeans {
  const sums = new Map(Object.entries(saved))
  return {
    add: (name, value) => {
      const [sum, count] = sums.get(name) ?? [0, 0]
      sums.set(name, [sum + value, count + 1])
    },
    take: () => {
      const means = Object.fromEntries([...sums].map(([name, [sum, count]]) => [name, sum / count]))
      sums.clear()
      return means
    },
    state: () => Object.fromEntries(sums),
  }
}
