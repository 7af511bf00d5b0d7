import type { Metrics } from '../src/tracking/tracker.js'

/** What a run says of the numbers of a line of its log: nothing where there is no loss among them. */
export function trainingLine(step: number, metrics: Metrics): string | undefined {
  const { loss, grad_norm: gradNorm = NaN } = metrics
  if (loss === undefined) return undefined
  const { 'timing/step_time': seconds = NaN, 'timing/data_wait_share': share = 0 } = metrics
  return (
    `step ${step}: loss ${loss.toFixed(4)}, gradient norm ${gradNorm.toFixed(3)}, ` +
    `${seconds.toPrecision(2)} s a step, waited for data ${(100 * share).toFixed(0)} % of the time`
  )
}
