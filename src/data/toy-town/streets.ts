/** A place in the town, in metres. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A point of a street's centre line, with the direction of the street there, in radians. */
export interface StreetPoint extends Point {
  readonly heading: number
}

/** A street between two junctions: its centre line, a point every `STREET_STEP` metres. */
export interface Street {
  readonly from: JunctionName
  readonly to: JunctionName
  readonly points: readonly StreetPoint[]
}

export type JunctionName = 'north' | 'east' | 'south' | 'west' | 'centre'

export const STREET_STEP = 0.25
/** From a street's centre line to its kerb. */
export const ROAD_HALF_WIDTH = 3.1
/** From a street's centre line to the outer edge of its pavement. */
export const PAVEMENT_EDGE = 4.9
/** From a street's centre line to the middle of the right lane. */
export const LANE_OFFSET = 1.5
/** From the middle of a junction to the stop lines. */
export const STOP_DISTANCE = 7.2

/**
 * The town lies inside CARLA's range of -10..400 m and covers some sixteen of its hundred cells.
 * A ring road with round corners joins four junctions; four winding streets lead from them to the centre.
 */
export const JUNCTIONS: Readonly<Record<JunctionName, Point>> = {
  north: { x: 186, y: 230 },
  east: { x: 240, y: 186 },
  south: { x: 200, y: 150 },
  west: { x: 150, y: 196 },
  centre: { x: 194, y: 192 },
}

const { north, east, south, west, centre } = JUNCTIONS

export const STREETS: readonly Street[] = [
  street('south', 'east', ringCorner(south, { x: east.x, y: south.y }, east, 16)),
  street('east', 'north', ringCorner(east, { x: east.x, y: north.y }, north, 32)),
  street('north', 'west', ringCorner(north, { x: west.x, y: north.y }, west, 12)),
  street('west', 'south', ringCorner(west, { x: west.x, y: south.y }, south, 20)),
  street('centre', 'north', winding(centre, north)),
  street('centre', 'east', winding(centre, east)),
  street('centre', 'south', winding(centre, south)),
  street('centre', 'west', winding(centre, west)),
]

/** Length of a street in metres. */
export const streetLength = ({ points }: Street) => (points.length - 1) * STREET_STEP

function street(from: JunctionName, to: JunctionName, curve: (t: number) => Point): Street {
  return { from, to, points: evenPoints(curve) }
}

/** From a to b by way of `corner`, which is rounded off by a quarter circle. All turns are to the left. */
function ringCorner(a: Point, corner: Point, b: Point, radius: number): (t: number) => Point {
  const start = towards(corner, a, radius)
  const end = towards(corner, b, radius)
  const middle = { x: start.x + end.x - corner.x, y: start.y + end.y - corner.y }
  const lengths = [distance(a, start), (radius * Math.PI) / 2, distance(end, b)] as const
  const total = lengths[0] + lengths[1] + lengths[2]
  return (t) => {
    const s = t * total
    if (s < lengths[0]) return towards(a, start, s)
    if (s > lengths[0] + lengths[1]) return towards(end, b, s - lengths[0] - lengths[1])
    const angle = (s - lengths[0]) / radius
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    return {
      x: middle.x + (start.x - middle.x) * cos + (end.x - middle.x) * sin,
      y: middle.y + (start.y - middle.y) * cos + (end.y - middle.y) * sin,
    }
  }
}

/** From a to b along the nearer axis, shifted sideways on the way: straight at both ends. */
function winding(a: Point, b: Point): (t: number) => Point {
  const alongX = Math.abs(b.x - a.x) > Math.abs(b.y - a.y)
  return (t) => {
    const u = Math.min(1, Math.max(0, (t - 0.2) / 0.6))
    const shifted = u * u * (3 - 2 * u)
    return alongX
      ? { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * shifted }
      : { x: a.x + (b.x - a.x) * shifted, y: a.y + (b.y - a.y) * t }
  }
}

/** Points at even distances along a curve over t in [0, 1]; the last one lies within a step of the end. */
function evenPoints(curve: (t: number) => Point): StreetPoint[] {
  const FINE = 4000
  const points: Point[] = [curve(0)]
  let [travelled, last] = [0, curve(0)]
  for (let i = 1; i <= FINE; i++) {
    const next = curve(i / FINE)
    travelled += distance(last, next)
    last = next
    if (travelled >= points.length * STREET_STEP) points.push(next)
  }
  return points.map((point, i) => {
    const [before, after] = [points[Math.max(0, i - 1)] ?? point, points[i + 1] ?? point]
    return { ...point, heading: Math.atan2(after.y - before.y, after.x - before.x) }
  })
}

function towards(a: Point, b: Point, metres: number): Point {
  const share = metres / distance(a, b)
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share }
}

/** Metres from one place to another. */
export function distance(a: Point, b: Point): number {
  return Math.hypot(b.x - a.x, b.y - a.y)
}
