import type { HostRandom } from '../../random.js'
import {
  LANE_OFFSET,
  STOP_DISTANCE,
  STREETS,
  STREET_STEP,
  distance,
  streetLength,
  type JunctionName,
  type Point,
  type Street,
} from './streets.js'

/** A place where a driver has to look at a light. */
export interface Stop {
  /** Metres along the route to the stop line. */
  readonly at: number
  readonly junction: JunctionName
  readonly heading: number
}

/** The line a car follows, a point every `ROUTE_STEP` metres, with the stop lines on it. */
export interface Route {
  readonly points: readonly Point[]
  readonly stops: readonly Stop[]
}

export const ROUTE_STEP = 0.1

/** From the middle of a junction to where a turn begins and ends. */
const TURN_DISTANCE = 6.5

/** A street in one of its two directions. */
interface Leg {
  readonly street: Street
  readonly forward: boolean
}

/** Every street in both directions. */
const LEGS: readonly Leg[] = STREETS.flatMap((street) => [
  { street, forward: true },
  { street, forward: false },
])

/**
 * A route on the right-hand lanes that turns at random at each junction and never back.
 * @param start where to begin, 0 <= start < 1, as a share of all streets in both directions
 * @param length metres wanted; the route may be longer
 */
export function planRoute(start: number, length: number, random: HostRandom): Route {
  let [leg, offset] = findStart(start)
  const line = new RouteLine()
  const stops: Stop[] = []
  while (line.length < length) {
    const lane = lanePoints(leg)
    const usable = lane.slice(Math.round(offset / STREET_STEP), -Math.round(TURN_DISTANCE / STREET_STEP))
    usable.forEach((point) => line.add(point))
    const beforeStop = STOP_DISTANCE - TURN_DISTANCE
    const heading = legHeading(leg)
    stops.push({ at: Math.max(0, line.length - beforeStop), junction: legEnd(leg), heading })
    const next = chooseNext(leg, random)
    turn(line, heading, lanePoints(next))
    leg = next
    offset = TURN_DISTANCE
  }
  return { points: line.points, stops }
}

function findStart(start: number): [leg: Leg, offset: number] {
  const total = LEGS.reduce((sum, { street }) => sum + usableLength(street), 0)
  let left = start * total
  for (const leg of LEGS) {
    if (left < usableLength(leg.street)) return [leg, TURN_DISTANCE + left]
    left -= usableLength(leg.street)
  }
  throw new RangeError(`a route starts at a share of at least 0 and below 1, not ${start}`)
}

/** Without the junctions, and without a car length before the end. */
const usableLength = (street: Street) => streetLength(street) - 2 * TURN_DISTANCE - 2

const legEnd = ({ street, forward }: Leg) => (forward ? street.to : street.from)
const legStart = ({ street, forward }: Leg) => (forward ? street.from : street.to)

/** Direction in which a leg arrives at its end. */
function legHeading({ street, forward }: Leg): number {
  const { heading = 0 } = (forward ? street.points.at(-1) : street.points[0]) ?? {}
  return forward ? heading : heading + Math.PI
}

function chooseNext(leg: Leg, random: HostRandom): Leg {
  const choices = LEGS.filter((next) => legStart(next) === legEnd(leg) && next.street !== leg.street)
  const next = choices[random.integer(0, choices.length)]
  if (!next) throw new Error('a junction of the town has one street only')
  return next
}

/** The middle of the right lane from one junction's centre to the next. */
function lanePoints({ street, forward }: Leg): Point[] {
  const side = forward ? LANE_OFFSET : -LANE_OFFSET
  const points = street.points.map(({ x, y, heading }) => ({
    x: x + Math.sin(heading) * side,
    y: y - Math.cos(heading) * side,
  }))
  return forward ? points : points.reverse()
}

/** Joins the end of the line to the next lane by a cubic Bezier curve close to a circle. */
function turn(line: RouteLine, heading: number, lane: readonly Point[]): void {
  const index = Math.round(TURN_DISTANCE / STREET_STEP)
  const [start, end, after] = [line.end, lane[index], lane[index + 1]]
  if (!start || !end || !after) throw new Error('a street of the town is too short')
  const out = Math.atan2(after.y - end.y, after.x - end.x)
  // 0.5523 makes a quarter circle; on a straight way it only sets the pace.
  const reach = (distance(start, end) / Math.SQRT2) * 0.5523
  const a = { x: start.x + Math.cos(heading) * reach, y: start.y + Math.sin(heading) * reach }
  const b = { x: end.x - Math.cos(out) * reach, y: end.y - Math.sin(out) * reach }
  for (let i = 1; i < 400; i++) {
    const t = i / 400
    const [p, q, r, s] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t ** 3]
    line.add({
      x: p * start.x + q * a.x + r * b.x + s * end.x,
      y: p * start.y + q * a.y + r * b.y + s * end.y,
    })
  }
}

/** Takes points at any distances and keeps points at even ones. */
class RouteLine {
  readonly points: Point[] = []
  #last: Point | undefined
  /** Metres from the last kept point to the last taken. */
  #ahead = 0

  get end(): Point | undefined {
    return this.#last
  }

  get length(): number {
    return Math.max(0, this.points.length - 1) * ROUTE_STEP
  }

  add(point: Point): void {
    if (!this.#last) {
      this.points.push(point)
      this.#last = point
      return
    }
    const from = this.#last
    const gap = distance(from, point)
    let reached = ROUTE_STEP - this.#ahead
    for (; reached <= gap; reached += ROUTE_STEP)
      this.points.push({
        x: from.x + ((point.x - from.x) * reached) / gap,
        y: from.y + ((point.y - from.y) * reached) / gap,
      })
    this.#ahead = gap - (reached - ROUTE_STEP)
    this.#last = point
  }
}
