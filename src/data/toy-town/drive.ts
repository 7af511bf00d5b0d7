import { hostRandom, type HostRandom } from '../../random.js'
import { planRoute, ROUTE_STEP, type Route } from './route.js'
import { lightFor, SIGNAL_CYCLE } from './signals.js'
import type { Point } from './streets.js'

/** Where the camera is, and when. */
export interface Pose {
  /** Metres. */
  readonly x: number
  readonly y: number
  /** Radians from the x axis towards the y axis. */
  readonly heading: number
  /** Seconds on the town's clock, by which its lights change. */
  readonly time: number
}

export const FRAMES_PER_SECOND = 10
/** Metres per second, never exceeded. */
export const TOP_SPEED = 3

/** Metres per second, per second. */
const ACCELERATION = 1.1
const BRAKING = 1.4
const SIDEWAYS_ACCELERATION = 0.9
/** Seconds driven before the first frame, so that a drive begins in the middle of things. */
const WARM_UP = 6
const STEPS_PER_FRAME = 10
const STEP = 1 / FRAMES_PER_SECOND / STEPS_PER_FRAME
/** Metres ahead that a driver looks: more than it takes to stop. */
const SIGHT = 6

/**
 * One drive: starts somewhere, turns at random at junctions, slows down in curves, stops at red lights.
 * The same seed and number always give the same drive. Starting places are spread evenly over the streets.
 * @returns one pose per frame, `FRAMES_PER_SECOND`
 */
export function simulateDrive(seed: number, number: number, frames: number): Pose[] {
  const random = hostRandom('toy town drive', seed, number)
  // Multiples of the golden ratio leave no street out for long, whatever the number of drives.
  const start = (hostRandom('toy town', seed).uniform() + number * 0.6180339887498949) % 1
  const seconds = WARM_UP + frames / FRAMES_PER_SECOND
  const route = planRoute(start, seconds * TOP_SPEED + 2 * SIGHT, random)
  return followRoute(route, frames, random)
}

function followRoute(route: Route, frames: number, random: HostRandom): Pose[] {
  const cruise = TOP_SPEED * (0.8 + 0.19 * random.uniform())
  const startTime = random.uniform() * SIGNAL_CYCLE
  const limits = curveLimits(route, cruise)
  let passed = 0
  let [at, speed] = [0, cruise / 2]
  const poses: Pose[] = []
  for (let step = 0; poses.length < frames; step++) {
    const time = startTime + step * STEP
    const drivenIn = step - WARM_UP * FRAMES_PER_SECOND * STEPS_PER_FRAME
    if (drivenIn >= 0 && drivenIn % STEPS_PER_FRAME === 0) poses.push(poseAt(route, at, time))
    while ((route.stops[passed]?.at ?? Infinity) < at - 0.05) passed++
    const wanted = Math.min(allowedSpeed(limits, at), speedForLights(route.stops[passed], at, speed, time))
    speed = Math.max(0, Math.min(wanted, speed + ACCELERATION * STEP), speed - 2 * BRAKING * STEP)
    at += speed * STEP
  }
  return poses
}

/** The speed at each point of a route from which every curve ahead can be taken. */
function curveLimits({ points }: Route, cruise: number): Float64Array {
  const limits = new Float64Array(points.length).fill(cruise)
  const reach = Math.round(0.8 / ROUTE_STEP)
  for (let i = reach; i < points.length - reach; i++) {
    const turned = Math.abs(angleBetween(directionAt(points, i - reach), directionAt(points, i + reach)))
    const curvature = turned / (2 * reach * ROUTE_STEP)
    limits[i] = Math.min(cruise, Math.sqrt(SIDEWAYS_ACCELERATION / Math.max(curvature, 1e-6)))
  }
  for (let i = points.length - 2; i >= 0; i--) {
    const next = limits[i + 1] ?? 0
    limits[i] = Math.min(limits[i] ?? 0, Math.sqrt(next * next + 2 * BRAKING * ROUTE_STEP))
  }
  return limits
}

const allowedSpeed = (limits: Float64Array, at: number) => limits[Math.round(at / ROUTE_STEP)] ?? 0

/** The speed at which a car can still stop at the next line, if its light is not green. */
function speedForLights(
  next: Route['stops'][number] | undefined,
  at: number,
  speed: number,
  time: number,
): number {
  if (!next || next.at - at > SIGHT) return Infinity
  const light = lightFor(next.junction, next.heading, time)
  const stoppingDistance = (speed * speed) / (2 * BRAKING)
  const mayPass = light === 'green' || (light === 'yellow' && stoppingDistance > next.at - at)
  return mayPass ? Infinity : Math.sqrt(2 * BRAKING * Math.max(0, next.at - at - 0.1))
}

function poseAt(route: Route, at: number, time: number): Pose {
  // Over some length, as a car does not turn on the spot.
  const [back, front] = [pointAt(route, at - 0.7), pointAt(route, at + 0.7)]
  return { ...pointAt(route, at), heading: Math.atan2(front.y - back.y, front.x - back.x), time }
}

function pointAt({ points }: Route, at: number): Point {
  const index = Math.max(0, Math.floor(at / ROUTE_STEP))
  const share = Math.max(0, at / ROUTE_STEP - index)
  const [a, b] = [points[index], points[index + 1]]
  if (!a || !b) throw new Error('a drive left its route')
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share }
}

/** Direction of a route at a point, over some 0.6 m. */
function directionAt(points: Route['points'], index: number): number {
  const [a, b] = [points[Math.max(0, index - 3)], points[Math.min(points.length - 1, index + 3)]]
  if (!a || !b) return 0
  return Math.atan2(b.y - a.y, b.x - a.x)
}

const angleBetween = (from: number, to: number) => Math.atan2(Math.sin(to - from), Math.cos(to - from))
