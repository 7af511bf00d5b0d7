import { readFileSync } from 'node:fs'
import { UserError } from '../src/errors.js'
import { writeFileAtomic } from '../src/files/write-file.js'
import { drawingSvg } from '../src/pictures/drawing-svg.js'
import type { Colour, Point } from '../src/pictures/drawing.js'
import { lineChart } from '../src/pictures/line-chart.js'
import { stackDrawings } from '../src/pictures/stack-drawings.js'
import type { Metrics } from '../src/tracking/tracker.js'
import { main } from './main.js'

// Curves of a run as docs/training.md shows them: `node dist/scripts/training-curve.js <log.jsonl> <picture.svg>`.

const BLUE: Colour = [50, 90, 220]
const ORANGE: Colour = [230, 120, 0]

interface Chart {
  readonly title: string
  /** The numbers of the log in it. */
  readonly numbers: readonly (readonly [name: string, colour: Colour])[]
  readonly reaching?: number
}

const CHARTS: readonly Chart[] = [
  {
    title: 'loss',
    numbers: [['loss', BLUE], ['eval-mse', ORANGE]], // prettier-ignore
  },
  { title: 'norm of the gradient', numbers: [['grad_norm', BLUE]] },
  // From 0 on: else a curve that is flat would not look like it.
  { title: 'memory of the process, MB', numbers: [['memory/process_mb', BLUE]], reaching: 0 },
]

void main((terminal) => {
  const [log, picture] = process.argv.slice(2)
  if (log === undefined || picture === undefined)
    throw new UserError('give a log.jsonl and the picture to write')
  const text = readFileSync(log, 'utf8').trimEnd()
  const lines = text.split('\n').map((line) => JSON.parse(line) as Metrics)
  const charts = CHARTS.map(({ numbers, ...chart }) => {
    const series = numbers.map(([name, colour]) => ({ name, colour, points: pointsOf(lines, name) }))
    return lineChart({ ...chart, xLabel: 'step', series })
  })
  writeFileAtomic(picture, drawingSvg(stackDrawings(charts)))
  terminal.log(picture)
  return Promise.resolve()
})

/** Lines without a loss have what came after the last whole interval. */
function pointsOf(lines: readonly Metrics[], name: string): Point[] {
  return lines.flatMap(({ step = 0, loss, [name]: value }): Point[] =>
    loss === undefined || typeof value !== 'number' ? [] : [[step, value]],
  )
}
