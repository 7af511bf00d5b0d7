import { mean } from '../../mean.js'
import { METRICS, type QualityMetric, type SampleQuality } from './measure-quality.js'

/** A metric over all videos. */
export interface QualitySummary {
  /** Mean over frames and videos. */
  readonly value: number
  /** Standard error of the mean over videos; undefined for a single video. */
  readonly standardError: number | undefined
  /** Mean over videos of each frame compared. */
  readonly curve: readonly number[]
}

export interface MetricQuality {
  /** Over all samples of each video. */
  readonly mean: QualitySummary
  /** Of each video its best sample by this metric, on the mean of its frames. */
  readonly best: QualitySummary
}

export type Quality = Readonly<Partial<Record<QualityMetric, MetricQuality>>>

/**
 * Puts the numbers of samples together, by video: their mean, and the best of them.
 * @param samples all with the same metrics and numbers of frames; at least one
 */
export function summariseQuality(samples: readonly SampleQuality[]): Quality {
  const videos = [...new Set(samples.map(({ video }) => video))]
  const ofMetric = (metric: QualityMetric): MetricQuality => {
    const perVideo = videos.map((video) =>
      samples.filter((sample) => sample.video === video).map(({ values }) => values[metric] ?? []),
    )
    const isBetter = (a: readonly number[], b: readonly number[]) =>
      metric === 'lpips' ? mean(a) < mean(b) : mean(a) > mean(b)
    const best = perVideo.map((curves) =>
      curves.reduce((least, curve) => (isBetter(curve, least) ? curve : least)),
    )
    return { mean: summary(perVideo.map(meanCurve)), best: summary(best) }
  }
  const measured = METRICS.filter((metric) => samples.every(({ values }) => values[metric] !== undefined))
  return Object.fromEntries(measured.map((metric) => [metric, ofMetric(metric)]))
}

function summary(curves: readonly (readonly number[])[]): QualitySummary {
  const values = curves.map(mean)
  const value = mean(values)
  const variance = mean(values.map((one) => (one - value) ** 2))
  return {
    value,
    standardError: values.length < 2 ? undefined : Math.sqrt(variance / (values.length - 1)),
    curve: meanCurve(curves),
  }
}

function meanCurve(curves: readonly (readonly number[])[]): number[] {
  return (curves[0] ?? []).map((_, i) => mean(curves.map((curve) => curve[i] ?? NaN)))
}
