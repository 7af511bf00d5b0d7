import { readdirSync } from 'node:fs'
import path from 'node:path'
import { byName } from '../../data/by-name.js'
import type { Colour, Drawing, Point } from '../../pictures/drawing.js'
import { lineChart } from '../../pictures/line-chart.js'
import { stackDrawings } from '../../pictures/stack-drawings.js'
import { readJsonRecord } from '../../sampling/results/json-record.js'
import { parseObservedFrames } from '../../schemes/observed-frames.js'
import { range } from '../../schemes/range.js'
import { METRICS, type QualityMetric } from '../quality/measure-quality.js'
import { METRIC_TITLES } from '../quality/quality-text.js'

const COLOURS: readonly Colour[] = [
  [50, 90, 220],
  [230, 120, 0],
  [30, 150, 90],
  [190, 50, 120],
  [120, 100, 90],
]

/**
 * The quality of several runs over time in the same charts, one for each metric; undefined unless at least two
 * runs were measured. Of a run with several results, the one of most videos is shown.
 */
export function compareCurves(
  runs: readonly { readonly label: string; readonly folder: string }[],
): Drawing | undefined {
  const curves = runs.map(({ label, folder }) => ({ label, curves: readCurves(folder) }))
  const charts = METRICS.flatMap((metric) => {
    const series = curves.flatMap(({ label, curves }, i) => {
      const points = curves?.(metric) ?? []
      return points.length === 0
        ? []
        : [{ name: label, colour: COLOURS[i % COLOURS.length] ?? [0, 0, 0], points }]
    })
    const { name, note } = METRIC_TITLES[metric]
    return series.length < 2 ? [] : [lineChart({ title: `${name} (${note})`, xLabel: 'frame', series })]
  })
  return charts.length === 0 ? undefined : stackDrawings(charts)
}

function readCurves(folder: string): ((metric: QualityMetric) => Point[]) | undefined {
  const name = readdirSync(folder).filter((entry) => /^quality-\d+-\d+\.json$/.test(entry)).sort(byName).at(-1) // prettier-ignore
  const record = name === undefined ? undefined : readJsonRecord(path.join(folder, name))
  if (!record || typeof record.frames !== 'string') return undefined
  const observed = parseObservedFrames(record.frames, Infinity)
  const frames = typeof observed === 'number' ? range(observed) : observed
  return (metric) => {
    const { mean } = (record[metric] ?? {}) as { mean?: { curve?: unknown } }
    const curve: unknown[] = Array.isArray(mean?.curve) ? mean.curve : []
    return frames.flatMap((frame, i): Point[] => {
      const value = curve[i]
      return typeof value === 'number' ? [[frame, value]] : []
    })
  }
}
