import type { Colour } from './colour.js'
import type { Point } from './streets.js'

/** One column of the picture: a vertical plane through the eye. `eye + depth * (dx, dy)` is at that depth. */
export interface Ray {
  readonly eye: Point
  readonly dx: number
  readonly dy: number
  /** Height of the eye above the ground in metres. */
  readonly height: number
}

/**
 * Colour of a surface. `s`: metres along it, `z`: metres above the ground, `grain`: the size of a sample
 * there in metres, below which detail cannot be seen, `time`: seconds on the town's clock.
 */
export type Paint = (s: number, z: number, grain: number, time: number) => Colour

/** What one column sees of a surface: a vertical span, from slope `low` to `high` (height over depth). */
export interface Span {
  readonly depth: number
  readonly low: number
  readonly high: number
  readonly s: number
  readonly light: number
  readonly paint: Paint
}

/** Something that stands in the town. */
export interface Solid extends Point {
  /** Of a circle around (x, y) that holds it all. */
  readonly radius: number
  /** Adds what a column sees of it. */
  spans(ray: Ray, out: Span[]): void
}

/** Where the sun stands: a direction in the plan. */
export const SUN = { x: Math.cos(2.2), y: Math.sin(2.2) }

const NEAREST = 0.1

export type Roof = 'flat' | 'gable' | 'pyramid'

export interface BoxOptions extends Point {
  /** Direction of its first side in radians. */
  readonly angle: number
  /** Half the first side and half the second, in metres. */
  readonly half: readonly [number, number]
  /** Heights of its lower and upper edge. */
  readonly base?: number
  readonly top: number
  readonly roof?: Roof
  /** Height of the roof above `top`. */
  readonly rise?: number
  /** Walls: front (towards -second side), right, back, left. */
  readonly walls: readonly [Paint, Paint, Paint, Paint]
  readonly roofPaint: Paint
}

/** A house, a tower, a car: four walls and a roof. */
export function box(options: BoxOptions): Solid {
  const { x, y, angle, half, base = 0, top, roof = 'flat', rise = 0, walls, roofPaint } = options
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const [halfU, halfV] = half
  const lightAlong = (u: number, v: number) =>
    0.8 + 0.2 * ((cos * u - sin * v) * SUN.x + (sin * u + cos * v) * SUN.y)
  const roofHeight = (u: number, v: number) => {
    if (roof === 'flat') return top
    const across = Math.abs(v) / halfV
    return top + rise * (1 - (roof === 'gable' ? across : Math.max(across, Math.abs(u) / halfU)))
  }
  return {
    x,
    y,
    radius: Math.hypot(halfU, halfV),
    spans({ eye, dx, dy, height }, out) {
      const [ou, ov] = [(eye.x - x) * cos + (eye.y - y) * sin, (eye.y - y) * cos - (eye.x - x) * sin]
      const [du, dv] = [dx * cos + dy * sin, dy * cos - dx * sin]
      const [inU, outU] = slab(ou, du, halfU)
      const [inV, outV] = slab(ov, dv, halfV)
      const [enter, leave] = [Math.max(inU, inV), Math.min(outU, outV)]
      if (enter < NEAREST || enter >= leave) return
      const [u, v] = [ou + enter * du, ov + enter * dv]
      const side = inU > inV ? (du > 0 ? 3 : 1) : dv > 0 ? 0 : 2
      const slope = (at: number, h: number) => (h - height) / at
      const wallTop = roofHeight(u, v)
      out.push({
        depth: enter,
        low: slope(enter, base),
        high: slope(enter, wallTop),
        s: side % 2 === 0 ? u + halfU : v + halfV,
        light: side % 2 === 0 ? lightAlong(0, side - 1) : lightAlong(2 - side, 0),
        paint: walls[side],
      })
      let [from, fromHeight] = [enter, wallTop]
      for (const to of [...folds(roof, ou, ov, du, dv, halfU, halfV, enter, leave), leave]) {
        const toHeight = roofHeight(ou + to * du, ov + to * dv)
        const [low, high] = [slope(from, fromHeight), slope(to, toHeight)]
        if (high > low) {
          const [midU, midV] = [ou + ((from + to) / 2) * du, ov + ((from + to) / 2) * dv]
          const acrossU = roof === 'pyramid' && Math.abs(midU) / halfU > Math.abs(midV) / halfV
          const light =
            roof === 'flat' ? 1 : acrossU ? lightAlong(Math.sign(midU), 0) : lightAlong(0, Math.sign(midV))
          out.push({ depth: from, low, high, s: acrossU ? midV : midU, light, paint: roofPaint })
        }
        ;[from, fromHeight] = [to, toHeight]
      }
    },
  }
}

export interface CylinderOptions extends Point {
  readonly radius: number
  readonly base?: number
  readonly top: number
  /** Height of a cone on top. */
  readonly cone?: number
  readonly paint: Paint
  readonly conePaint?: Paint
}

/** A pole or a round tower. */
export function cylinder({
  x,
  y,
  radius,
  base = 0,
  top,
  cone = 0,
  paint,
  conePaint = paint,
}: CylinderOptions): Solid {
  return {
    x,
    y,
    radius,
    spans(ray, out) {
      const seen = acrossCircle(ray, x, y, radius)
      if (!seen) return
      const { enter, nearest, off, light, angle } = seen
      const { height } = ray
      out.push({
        depth: enter,
        low: (base - height) / enter,
        high: (top - height) / enter,
        s: angle * radius,
        light,
        paint,
      })
      if (cone === 0) return
      const peak = top + cone * (1 - Math.abs(off) / radius)
      out.push({
        depth: enter,
        low: (top - height) / enter,
        high: (peak - height) / nearest,
        s: angle * radius,
        light,
        paint: conePaint,
      })
    },
  }
}

export interface BallOptions extends Point {
  readonly radius: number
  /** Height of its middle. */
  readonly middle: number
  readonly paint: Paint
}

/** A ball: the crown of a tree, a water tank. */
export function ball({ x, y, radius, middle, paint }: BallOptions): Solid {
  return {
    x,
    y,
    radius,
    spans(ray, out) {
      const seen = acrossCircle(ray, x, y, radius)
      if (!seen) return
      const { nearest, off, light } = seen
      const half = Math.sqrt(Math.max(0, radius * radius - off * off))
      const [low, high] = [middle - half - ray.height, middle + half - ray.height]
      out.push({ depth: nearest, low: low / nearest, high: high / nearest, s: off, light, paint })
    },
  }
}

function acrossCircle({ eye, dx, dy }: Ray, x: number, y: number, radius: number) {
  const [cx, cy] = [x - eye.x, y - eye.y]
  const squared = dx * dx + dy * dy
  const nearest = (cx * dx + cy * dy) / squared
  const off = (cx * dy - cy * dx) / Math.sqrt(squared)
  const chord = radius * radius - off * off
  if (chord <= 0) return undefined
  const enter = nearest - Math.sqrt(chord / squared)
  if (enter < NEAREST) return undefined
  const [nx, ny] = [(enter * dx - cx) / radius, (enter * dy - cy) / radius]
  return { enter, nearest, off, light: 0.8 + 0.2 * (nx * SUN.x + ny * SUN.y), angle: Math.atan2(ny, nx) }
}

/** Where a line is inside |position| <= half: from and to, possibly never or always. */
function slab(origin: number, step: number, half: number): readonly [number, number] {
  if (Math.abs(step) < 1e-9) return Math.abs(origin) <= half ? [-Infinity, Infinity] : [Infinity, -Infinity]
  const [a, b] = [(-half - origin) / step, (half - origin) / step]
  return a < b ? [a, b] : [b, a]
}

/** Where, between entering and leaving, a column crosses from one plane of a roof to the next, in order. */
function folds(
  roof: Roof,
  ou: number,
  ov: number,
  du: number,
  dv: number,
  halfU: number,
  halfV: number,
  enter: number,
  leave: number,
): number[] {
  if (roof === 'flat') return []
  const crossings =
    roof === 'gable'
      ? [-ov / dv]
      : [
          (ov * halfU - ou * halfV) / (du * halfV - dv * halfU),
          (-ov * halfU - ou * halfV) / (du * halfV + dv * halfU),
        ]
  return crossings.filter((at) => at > enter && at < leave).sort((a, b) => a - b)
}
