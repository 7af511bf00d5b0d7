import type { Colour, Drawing, Point, Shape } from './drawing.js'

/** One line of a chart. */
export interface Series {
  readonly name: string
  readonly colour: Colour
  readonly points: readonly Point[]
}

export interface LineChart {
  readonly title: string
  readonly xLabel: string
  /** At least one, with at least one point. */
  readonly series: readonly Series[]
  /** A value that the upright axis has in any case, such as 0. */
  readonly reaching?: number
}

const WIDTH = 640
const HEIGHT = 240
const MARGIN = { left: 60, right: 20, top: 34, bottom: 44 }
const BLACK: Colour = [0, 0, 0]
const GRID: Colour = [225, 225, 225]
/** About so many numbers along an axis. */
const TICKS = 5

/** Lines over a common axis of whole numbers, with round numbers along both axes and names at the top. */
export function lineChart({ title, xLabel, series, reaching }: LineChart): Drawing {
  const points = series.flatMap((one) => one.points)
  const [xs, ys] = [
    axis(
      points.map(([x]) => x),
      1,
    ),
    axis([...points.map(([, y]) => y), ...(reaching === undefined ? [] : [reaching])], 0),
  ]
  const place = ([x, y]: Point): Point => [
    MARGIN.left + ((x - xs.low) / (xs.high - xs.low)) * (WIDTH - MARGIN.left - MARGIN.right),
    HEIGHT - MARGIN.bottom - ((y - ys.low) / (ys.high - ys.low)) * (HEIGHT - MARGIN.top - MARGIN.bottom),
  ]
  const line = (ends: readonly Point[], colour: Colour, width = 1): Shape => ({
    kind: 'line',
    points: ends.map(place),
    colour,
    width,
  })
  const text = ([x, y]: Point, words: string, anchor: 'start' | 'middle' | 'end'): Shape => ({
    kind: 'text',
    at: [x, y],
    text: words,
    anchor,
  })
  const horizontal = ys.ticks.flatMap((tick) => {
    const [x, y] = place([xs.low, tick])
    return [line([[xs.low, tick], [xs.high, tick]], GRID), text([x - 6, y + 4], label(tick, ys.step), 'end')] // prettier-ignore
  })
  const vertical = xs.ticks.flatMap((tick) => {
    const [x, y] = place([tick, ys.low])
    return [line([[tick, ys.low], [tick, ys.high]], GRID), text([x, y + 17], label(tick, xs.step), 'middle')] // prettier-ignore
  })
  const frame = line([[xs.low, ys.high], [xs.low, ys.low], [xs.high, ys.low]], BLACK) // prettier-ignore
  const curves = series.map((one) => line(one.points, one.colour, 2))
  const legend = series.flatMap(({ name, colour }, i): Shape[] => {
    const x = WIDTH - MARGIN.right - 150 * (series.length - i)
    return [{ kind: 'rectangle', corner: [x, 10], size: [12, 12], colour }, text([x + 18, 20], name, 'start')]
  })
  return {
    width: WIDTH,
    height: HEIGHT,
    shapes: [
      ...horizontal,
      ...vertical,
      frame,
      ...curves,
      ...legend,
      text([MARGIN.left, 20], title, 'start'),
      text([(MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 8], xLabel, 'middle'),
    ],
  }
}

/**
 * A range that holds all values, from one round number to another, and those in between.
 * @param leastStep from one to the next
 */
function axis(values: readonly number[], leastStep: number) {
  const least = values.reduce((low, value) => Math.min(low, value), Infinity)
  const most = values.reduce((high, value) => Math.max(high, value), -Infinity)
  const step = Math.max(leastStep, roundStep(Math.max(most - least, 1e-3 * Math.abs(most), 1e-9) / TICKS))
  const first = Math.floor(least / step)
  const last = Math.max(first + 1, Math.ceil(most / step))
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step)
  return { low: first * step, high: last * step, step, ticks }
}

/** The smallest of 1, 2, 5, 10, .. times a power of ten that is not below a number. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5].find((factor) => factor * power >= least) ?? 10) * power
}

/** As many decimals as tell a number from its neighbours. */
function label(value: number, step: number): string {
  return value.toFixed(Math.min(12, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))))
}
