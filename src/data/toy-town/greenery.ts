import { hostRandom } from '../../random.js'
import { grain, shade, type Colour } from './colour.js'
import { plain } from './facades.js'
import { isAwayFromStreets, isOnPlot, type Plot } from './plots.js'
import { ball, box, cylinder, type Paint, type Solid } from './shapes.js'
import { STREETS, STREET_STEP, type Point } from './streets.js'

const LEAVES: readonly Colour[] = [0x3f7d34, 0x5a9438, 0x2f6b3f, 0x7fa03c, 0xb0762e]
const CARS: readonly Colour[] = [0xc0392b, 0x2471a3, 0xf4f6f7, 0x1f2a33, 0xd4ac0d, 0x1e8449]

/** Trees along the streets, in the park and around the town, and cars parked on the kerb. */
export function plantTown(taken: readonly Plot[]): Solid[] {
  return [...streetTrees(taken), ...parkTrees(), ...woods(taken), ...parkedCars()]
}

function streetTrees(taken: readonly Plot[]): Solid[] {
  const random = hostRandom('toy town street trees')
  const trees: Solid[] = []
  for (const { points } of STREETS)
    for (const side of [1, -1])
      for (
        let step = 52;
        step < points.length - 52;
        step += Math.round((6 + 9 * random.uniform()) / STREET_STEP)
      ) {
        const at = points[step]
        if (!at) continue
        const off = side * (5.3 + 0.3 * random.uniform())
        const place = { x: at.x + Math.sin(at.heading) * off, y: at.y - Math.cos(at.heading) * off }
        const size = 1.1 + 0.7 * random.uniform()
        const kind = random.integer(0, LEAVES.length)
        if (isAwayFromStreets(place, 5.1) && !taken.some((plot) => isOnPlot(place, plot, 0.4)))
          trees.push(...tree(place, size, kind))
      }
  return trees
}

function parkTrees(): Solid[] {
  const places: readonly [number, number, number][] = [
    [163, 219, 2.2],
    [171, 221, 2.6],
    [178, 217, 2.1],
    [160, 212, 1.8],
    [180, 211, 2.4],
    [172, 203.5, 1.7],
    [166, 204, 2],
  ]
  return places.flatMap(([x, y, size], i) => tree({ x, y }, size, i % LEAVES.length))
}

/** Beyond the last houses, so that the town has an edge. */
function woods(taken: readonly Plot[]): Solid[] {
  const random = hostRandom('toy town woods')
  const trees: Solid[] = []
  for (let i = 0; i < 420; i++) {
    const place = { x: 100 + 190 * random.uniform(), y: 100 + 180 * random.uniform() }
    const size = 1.8 + 2.2 * random.uniform()
    const kind = random.integer(0, LEAVES.length - 1)
    const isOutside = place.x < 134 || place.x > 256 || place.y < 134 || place.y > 246
    if (isOutside && !taken.some((plot) => isOnPlot(place, plot, 3))) trees.push(...tree(place, size, kind))
  }
  return trees
}

function tree(place: Point, size: number, kind: number): Solid[] {
  const colour = LEAVES[kind] ?? 0x3f7d34
  const trunk = 0.9 + 0.8 * size
  return [
    cylinder({ ...place, radius: 0.1 + 0.08 * size, top: trunk + 0.3, paint: plain(0x5a4230) }),
    ball({ ...place, radius: size, middle: trunk + 0.8 * size, paint: leaves(colour, trunk, size) }),
  ]
}

function leaves(colour: Colour, bottom: number, size: number): Paint {
  return (s, z) => {
    const blotch = grain(Math.floor(s * 3 + 50), Math.floor(z * 3))
    return shade(colour, 0.72 + (0.25 * (z - bottom)) / size + 0.25 * blotch)
  }
}

/** Half on the pavement, out of the way of those who drive. */
function parkedCars(): Solid[] {
  const random = hostRandom('toy town cars')
  return STREETS.flatMap(({ points }) =>
    [1, -1].flatMap((side) => {
      const at = points[Math.round(points.length * (0.3 + 0.4 * random.uniform()))]
      const colour = CARS[random.integer(0, CARS.length)] ?? 0xffffff
      if (!at) return []
      const place = {
        x: at.x + Math.sin(at.heading) * 3.9 * side,
        y: at.y - Math.cos(at.heading) * 3.9 * side,
      }
      return car(place, at.heading, colour)
    }),
  )
}

function car(place: Point, angle: number, colour: Colour): Solid[] {
  const body: Paint = (s, z) =>
    z < 0.5 && Math.abs(Math.abs(s - 2) - 1.2) < 0.42 ? 0x18181a : z < 0.25 ? 0x2a2a2c : colour
  const windows: Paint = () => 0x26323c
  return [
    box({
      ...place,
      angle,
      half: [2, 0.85],
      top: 0.9,
      walls: [body, body, body, body],
      roofPaint: plain(colour),
    }),
    box({
      ...place,
      angle,
      half: [1.1, 0.75],
      base: 0.9,
      top: 1.45,
      walls: [windows, windows, windows, windows],
      roofPaint: plain(shade(colour, 0.9)),
    }),
  ]
}
