import { STREETS, type Point } from './streets.js'

/** A rectangle of land. */
export interface Plot extends Point {
  /** Direction of its first side in radians. */
  readonly angle: number
  /** Half of its first and second side in metres. */
  readonly half: readonly [number, number]
}

/** From any street's centre line to the nearest wall. */
const STREET_CLEARANCE = 5.7

/** The centre lines, a point every metre. */
const MILESTONES = STREETS.flatMap(({ points }) => points.filter((_, i) => i % 4 === 0))

/** Whether a plot touches neither a pavement nor another plot. */
export function isFree(plot: Plot, taken: readonly Plot[]): boolean {
  return (
    outline(plot).every((point) => isAwayFromStreets(point, STREET_CLEARANCE)) &&
    !taken.some((other) => overlap(plot, other))
  )
}

/** Whether a point is at least `metres` away from every street's centre line. */
export function isAwayFromStreets(point: Point, metres: number): boolean {
  return !MILESTONES.some(({ x, y }) => (x - point.x) ** 2 + (y - point.y) ** 2 < metres ** 2)
}

/** Whether a point lies on a plot or within `margin` metres of it. */
export function isOnPlot(point: Point, { x, y, angle, half }: Plot, margin: number): boolean {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const u = (point.x - x) * cos + (point.y - y) * sin
  const v = (point.y - y) * cos - (point.x - x) * sin
  return Math.abs(u) < half[0] + margin && Math.abs(v) < half[1] + margin
}

/** Points around the edge, no further apart than half a side. */
function outline({ x, y, angle, half: [halfU, halfV] }: Plot): Point[] {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const steps = [-1, -0.5, 0, 0.5, 1]
  return steps.flatMap((i) =>
    steps.map((j) => ({
      x: x + cos * i * halfU - sin * j * halfV,
      y: y + sin * i * halfU + cos * j * halfV,
    })),
  )
}

/** Two rectangles overlap if neither has a side beyond which the whole other one lies. */
function overlap(a: Plot, b: Plot): boolean {
  return ![a.angle, a.angle + Math.PI / 2, b.angle, b.angle + Math.PI / 2].some((angle) => {
    const apart = Math.abs((b.x - a.x) * Math.cos(angle) + (b.y - a.y) * Math.sin(angle))
    return apart > extent(a, angle) + extent(b, angle)
  })
}

function extent({ angle, half }: Plot, direction: number): number {
  return Math.abs(Math.cos(direction - angle)) * half[0] + Math.abs(Math.sin(direction - angle)) * half[1]
}
