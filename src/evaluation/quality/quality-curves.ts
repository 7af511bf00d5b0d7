import type { Colour, Drawing, Point } from '../../pictures/drawing.js'
import { lineChart } from '../../pictures/line-chart.js'
import { stackDrawings } from '../../pictures/stack-drawings.js'
import { METRICS } from './measure-quality.js'
import { METRIC_TITLES } from './quality-text.js'
import type { Quality } from './summarise-quality.js'

const MEAN: Colour = [50, 90, 220]
const BEST: Colour = [230, 120, 0]

/**
 * How the quality of samples changes over time: a chart for each metric.
 * @param frames positions of the frames compared
 * @param samples how many of each video
 */
export function qualityCurves(quality: Quality, frames: readonly number[], samples: number): Drawing {
  const points = (curve: readonly number[]) => curve.map((value, i): Point => [frames[i] ?? NaN, value])
  const charts = METRICS.flatMap((metric) => {
    const measured = quality[metric]
    if (!measured) return []
    const { name, note } = METRIC_TITLES[metric]
    const mean = {
      name: samples > 1 ? 'mean of samples' : 'mean',
      colour: MEAN,
      points: points(measured.mean.curve),
    }
    const best = { name: `best of ${samples}`, colour: BEST, points: points(measured.best.curve) }
    return [
      lineChart({ title: `${name} (${note})`, xLabel: 'frame', series: samples > 1 ? [mean, best] : [mean] }),
    ]
  })
  return stackDrawings(charts)
}
