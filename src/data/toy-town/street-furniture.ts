import { shade, type Colour } from './colour.js'
import { plain } from './facades.js'
import { box, cylinder, ball, type Paint, type Solid } from './shapes.js'
import { lightFor, type Light } from './signals.js'
import { JUNCTIONS, STREETS, STREET_STEP, type JunctionName, type StreetPoint } from './streets.js'

const POLE: Colour = 0x3b4046
const LAMPS: Readonly<Record<Light, Colour>> = { red: 0xff2a1a, yellow: 0xffc400, green: 0x19e04a }

/** Traffic lights at every approach to every junction, and lamps along the streets. */
export function furnishStreets(): Solid[] {
  return [...STREETS.flatMap(trafficLightsOf), ...STREETS.flatMap(({ points }) => streetLamps(points))]
}

function trafficLightsOf({ from, to, points }: (typeof STREETS)[number]): Solid[] {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last) return []
  return [...trafficLight(to, last.heading), ...trafficLight(from, first.heading + Math.PI)]
}

/** Beyond the junction on the right, its head towards the lane: bigger than life, to be seen in few pixels. */
function trafficLight(junction: JunctionName, heading: number): Solid[] {
  const { x, y } = JUNCTIONS[junction]
  const at = (ahead: number, right: number) => ({
    x: x + Math.cos(heading) * ahead + Math.sin(heading) * right,
    y: y + Math.sin(heading) * ahead - Math.cos(heading) * right,
  })
  const [pole, arm, head] = [at(6.2, 4.1), at(6.2, 3.2), at(6.1, 2.4)]
  const lamps = lampPaint(junction, heading)
  const dark = plain(0x1d2023)
  return [
    cylinder({ ...pole, radius: 0.14, top: 5.2, paint: plain(POLE) }),
    box({
      ...arm,
      angle: heading + Math.PI / 2,
      half: [0.9, 0.1],
      base: 5,
      top: 5.2,
      walls: [dark, dark, dark, dark],
      roofPaint: dark,
    }),
    // Its front looks back along the driver's heading.
    box({
      ...head,
      angle: heading - Math.PI / 2,
      half: [0.6, 0.3],
      base: 2.6,
      top: 5.4,
      walls: [lamps, dark, dark, dark],
      roofPaint: dark,
    }),
  ]
}

function lampPaint(junction: JunctionName, heading: number): Paint {
  const order: readonly Light[] = ['green', 'yellow', 'red']
  return (s, z, _, time) => {
    const index = Math.floor((z - 2.65) / 0.9)
    const light = order[Math.min(2, Math.max(0, index))] ?? 'red'
    const fromMiddle = Math.hypot(s - 0.6, z - 2.65 - 0.9 * index - 0.45)
    if (fromMiddle > 0.44) return 0x1d2023
    return light === lightFor(junction, heading, time) ? LAMPS[light] : shade(LAMPS[light], 0.22)
  }
}

function streetLamps(points: readonly StreetPoint[]): Solid[] {
  const lamps: Solid[] = []
  for (
    let step = Math.round(16 / STREET_STEP), side = 1;
    step < points.length - 40;
    step += Math.round(17 / STREET_STEP), side = -side
  ) {
    const at = points[step]
    if (!at) continue
    const place = { x: at.x + Math.sin(at.heading) * 3.7 * side, y: at.y - Math.cos(at.heading) * 3.7 * side }
    lamps.push(
      cylinder({ ...place, radius: 0.08, top: 4.2, paint: plain(POLE) }),
      ball({ ...place, radius: 0.32, middle: 4.4, paint: plain(0xfff4cf) }),
    )
  }
  return lamps
}
