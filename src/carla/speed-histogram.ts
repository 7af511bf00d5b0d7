import { counted } from '../counted.js'
import type { Colour, Drawing, Shape } from '../pictures/drawing.js'

const SAMPLED: Colour = [50, 90, 220]
const REAL: Colour = [190, 190, 190]
const BLACK: Colour = [0, 0, 0]
const WIDTH = 640
const HEIGHT = 320
const MARGIN = { left: 50, right: 20, top: 30, bottom: 45 }
const BINS = 40

/**
 * How speeds are distributed: bars for the data set's, a line for the sampled ones. Both have the same area.
 * @param limit speeds above are counted in the last bar
 */
export function speedHistogram(sampled: readonly number[], real: readonly number[], limit: number): Drawing {
  const [ofSampled, ofReal] = [sampled, real].map((speeds) => shares(speeds, limit)) as [number[], number[]]
  const tallest = Math.max(...ofSampled, ...ofReal)
  const plotWidth = WIDTH - MARGIN.left - MARGIN.right
  const plotHeight = HEIGHT - MARGIN.top - MARGIN.bottom
  const x = (bin: number) => MARGIN.left + (bin / BINS) * plotWidth
  const at = (speed: number) => x(place(speed, limit))
  const y = (share: number) => MARGIN.top + (1 - share / tallest) * plotHeight
  const bars = ofReal.map((share, bin): Shape => ({
    kind: 'rectangle',
    corner: [x(bin), y(share)],
    size: [x(1) - x(0) - 1, y(0) - y(share)],
    colour: REAL,
  }))
  const outline: Shape = {
    kind: 'line',
    points: ofSampled.flatMap((share, bin) => [
      [x(bin), y(share)],
      [x(bin + 1), y(share)],
    ]),
    colour: SAMPLED,
    width: 2,
  }
  const axis: Shape = { kind: 'line', points: [[x(0), y(0)], [x(BINS), y(0)]], colour: BLACK, width: 1 } // prettier-ignore
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((share): Shape[] => [
    { kind: 'line', points: [[at(share * limit), y(0)], [at(share * limit), y(0) + 5]], colour: BLACK, width: 1 }, // prettier-ignore
    { kind: 'text', at: [at(share * limit), y(0) + 18], text: String(share * limit), anchor: 'middle' },
  ])
  const labels: Shape[] = [
    { kind: 'text', at: [x(0) - 6, y(0)], text: '0', anchor: 'end' },
    { kind: 'text', at: [x(0) - 6, y(tallest) + 8], text: `${(100 * tallest).toFixed(0)} %`, anchor: 'end' },
    { kind: 'line', points: [[x(0) - 4, y(tallest)], [x(0), y(tallest)], [x(0), y(0)]], colour: BLACK, width: 1 }, // prettier-ignore
    { kind: 'text', at: [x(BINS / 2), HEIGHT - 8], text: 'speed in m/s (the last bar: all faster ones), share of speeds', anchor: 'middle' }, // prettier-ignore
    { kind: 'rectangle', corner: [x(0), 8], size: [12, 12], colour: REAL },
    {
      kind: 'text',
      at: [x(0) + 18, 18],
      text: `data set (${counted(real.length, 'speed')})`,
      anchor: 'start',
    },
    { kind: 'rectangle', corner: [x(16), 8], size: [12, 12], colour: SAMPLED },
    {
      kind: 'text',
      at: [x(16) + 18, 18],
      text: `samples (${counted(sampled.length, 'speed')})`,
      anchor: 'start',
    },
  ]
  return { width: WIDTH, height: HEIGHT, shapes: [...bars, outline, axis, ...ticks, ...labels] }
}

/** Where a speed lies in bins: the last one, which begins at the limit, is for all those above. */
const place = (speed: number, limit: number) => (speed / limit) * (BINS - 1)

/** The share of the speeds in each bin; those above the limit are in the last. */
function shares(speeds: readonly number[], limit: number): number[] {
  const counts = Array<number>(BINS).fill(0)
  for (const speed of speeds) {
    const bin = speed > limit ? BINS - 1 : Math.min(BINS - 2, Math.floor(place(speed, limit)))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return counts.map((count) => count / Math.max(1, speeds.length))
}
