import { mix, shade } from './colour.js'
import type { Pose } from './drive.js'
import type { Ray, Solid, Span } from './shapes.js'
import { HAZE } from './sky.js'
import { theTown, type Town } from './town.js'

/** Metres above the ground. */
const EYE_HEIGHT = 1.5
/** Metres at which about two thirds of a colour have faded into the haze. */
const HAZE_DISTANCE = 260
/** A little more than half of the picture's 90 degrees, in radians. */
const EDGE = 0.8
/** Nothing further away is drawn, except the sky. */
const VIEW_DISTANCE = 150

/** Draws what a driver sees: (size, size, 3), uint8 RGB. The same pose always gives the same picture. */
export type Renderer = (pose: Pose) => Uint8Array

/**
 * The camera looks straight ahead with 90 degrees from left to right, so every column of the picture is a
 * vertical plane through the eye: it meets the town's upright surfaces in spans, painted from far to near.
 * Each pixel is the mean of several columns and rows.
 * @param size height and width of a picture in pixels
 */
export function createRenderer(size: number, town: Town = theTown()): Renderer {
  const { solids, ground, sky } = town
  const samples = Math.max(2, Math.ceil(96 / size))
  const rows = size * samples
  const column = new Uint32Array(rows)
  const spans: Span[] = []

  function drawColumn(ray: Ray, index: number, inView: readonly InView[], time: number): void {
    const reach = Math.hypot(ray.dx, ray.dy)
    const azimuth = Math.atan2(ray.dy, ray.dx)
    for (let row = 0; row < rows; row++) {
      const slope = slopeOf(row, rows)
      if (slope >= 0) {
        column[row] = sky(azimuth, slope / reach)
        continue
      }
      const depth = -EYE_HEIGHT / slope
      const [x, y] = [ray.eye.x + depth * ray.dx, ray.eye.y + depth * ray.dy]
      // A sample is a slanted patch: between its width and its length.
      const width = (2 * depth) / rows
      const patch = width * Math.sqrt(1 + depth / EYE_HEIGHT)
      column[row] = mix(ground(x, y, patch), HAZE, haze(depth))
    }
    spans.length = 0
    for (const { solid, first, last } of inView) if (first <= index && index <= last) solid.spans(ray, spans)
    spans.sort((a, b) => b.depth - a.depth)
    for (const span of spans) paintSpan(span, time)
  }

  function paintSpan({ depth, low, high, s, light, paint }: Span, time: number): void {
    const first = Math.max(0, Math.ceil(((1 - high) * rows - 1) / 2))
    const end = Math.min(rows, Math.ceil(((1 - low) * rows - 1) / 2))
    const [fade, width] = [haze(depth), (2 * depth) / rows]
    for (let row = first; row < end; row++) {
      const z = EYE_HEIGHT + depth * slopeOf(row, rows)
      column[row] = mix(shade(paint(s, z, width, time), light), HAZE, fade)
    }
  }

  return ({ x, y, heading, time }) => {
    const [cos, sin] = [Math.cos(heading), Math.sin(heading)]
    const sums = new Uint32Array(size * size * 3)
    const inView = solids.flatMap((solid) => columnsOf(solid, x, y, cos, sin, rows) ?? [])
    for (let i = 0; i < rows; i++) {
      // From left to right: the left of the heading is (-sin, cos).
      const right = (2 * i + 1) / rows - 1
      const ray = { eye: { x, y }, dx: cos + sin * right, dy: sin - cos * right, height: EYE_HEIGHT }
      drawColumn(ray, i, inView, time)
      addColumn(sums, Math.floor(i / samples))
    }
    return Uint8Array.from(sums, (sum) => Math.round(sum / samples ** 2))
  }

  function addColumn(sums: Uint32Array, pixelColumn: number): void {
    for (let row = 0; row < rows; row++) {
      const colour = column[row] ?? 0
      const at = (Math.floor(row / samples) * size + pixelColumn) * 3
      sums[at] = (sums[at] ?? 0) + (colour >> 16)
      sums[at + 1] = (sums[at + 1] ?? 0) + ((colour >> 8) & 255)
      sums[at + 2] = (sums[at + 2] ?? 0) + (colour & 255)
    }
  }
}

/** Height over depth of the middle of a row: 1 at the top of the picture, -1 at the bottom. */
const slopeOf = (row: number, rows: number) => 1 - (2 * row + 1) / rows

const haze = (depth: number) => 1 - Math.exp(-depth / HAZE_DISTANCE)

interface InView {
  readonly solid: Solid
  readonly first: number
  readonly last: number
}

/** The columns that may meet a solid: those through the circle around it; undefined if none do. */
function columnsOf(
  solid: Solid,
  x: number,
  y: number,
  cos: number,
  sin: number,
  columns: number,
): InView | undefined {
  const [toX, toY, radius] = [solid.x - x, solid.y - y, solid.radius]
  const ahead = toX * cos + toY * sin
  if (ahead < -radius || ahead > VIEW_DISTANCE) return undefined
  const distance = Math.hypot(toX, toY)
  if (distance <= radius) return { solid, first: 0, last: columns }
  const bearing = Math.atan2(toX * sin - toY * cos, ahead)
  const half = Math.asin(radius / distance)
  const limit = (angle: number) => Math.tan(Math.max(-EDGE, Math.min(EDGE, angle)))
  const first = Math.floor(((limit(bearing - half) + 1) * columns) / 2) - 1
  const last = Math.ceil(((limit(bearing + half) + 1) * columns) / 2)
  return first >= columns || last < 0 ? undefined : { solid, first, last }
}
