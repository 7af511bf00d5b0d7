import { hostRandom, type HostRandom } from '../../random.js'
import { mix, shade, type Colour } from './colour.js'
import { facade, plain } from './facades.js'
import { isFree, type Plot } from './plots.js'
import { box, type Solid } from './shapes.js'
import { STREETS, STREET_STEP, type Point, type StreetPoint } from './streets.js'

const WALLS: readonly Colour[] = [
  0xd9482f, 0xe88f2a, 0xf2c53d, 0x8fbf45, 0x2f9e77, 0x2f8fd0, 0x3a53b5, 0x8a4fb0, 0xd6589a, 0xf0e3c8,
  0xb7713f, 0x7f8c8d, 0xf3a68c, 0x64c4c8,
]
const ROOFS: readonly Colour[] = [0x9c3b2b, 0x5b4a43, 0x4d5a6b, 0xb5613a, 0x3e6b57]
const DOORS: readonly Colour[] = [0x6b2d1a, 0xffffff, 0x15506b, 0x1c1c1c, 0xd8352a]

/** Of neighbouring houses, so that no two alike stand side by side. */
const COLOURS_KEPT_APART = 5

/**
 * Houses along both sides of every street, each with its own size, roof and colours.
 * @param taken plots that are built on already; the houses' own are added
 */
export function buildHouses(taken: Plot[]): Solid[] {
  const random = hostRandom('toy town houses')
  const recent: Colour[] = []
  const houses: Solid[] = []
  for (const { points } of STREETS)
    for (const side of [1, -1]) {
      let step = Math.round(9 / STREET_STEP)
      while (step < points.length - 9 / STREET_STEP) {
        const width = 6 + 5 * random.uniform()
        const depth = 6.5 + 2.5 * random.uniform()
        const setback = 6 + 1.4 * random.uniform()
        const middle = points[step + Math.round(width / 2 / STREET_STEP)]
        const plot = middle && plotBeside(middle, side, width, depth, setback)
        if (plot && isFree(plot, taken)) {
          taken.push(plot)
          houses.push(house(plot, pickColour(recent, random), random))
          step += Math.round((width + 0.6 + 1.8 * random.uniform()) / STREET_STEP)
        } else step += Math.round(1 / STREET_STEP)
      }
    }
  return houses
}

/** A plot with its front towards the street; `side` 1 is on the right. */
function plotBeside(street: StreetPoint, side: number, width: number, depth: number, setback: number): Plot {
  const off = side * (setback + depth / 2)
  const { heading } = street
  const centre: Point = { x: street.x + Math.sin(heading) * off, y: street.y - Math.cos(heading) * off }
  // The front of a box looks along its angle turned to the right by a quarter.
  return { ...centre, angle: side > 0 ? heading + Math.PI : heading, half: [width / 2, depth / 2] }
}

function pickColour(recent: Colour[], random: HostRandom): Colour {
  const fresh = WALLS.filter((colour) => !recent.includes(colour))
  const colour = choose(fresh, random)
  recent.push(colour)
  if (recent.length > COLOURS_KEPT_APART) recent.shift()
  return colour
}

function house(plot: Plot, colour: Colour, random: HostRandom): Solid {
  const [halfU, halfV] = plot.half
  const storeys = 1 + random.integer(0, 3)
  const height = 0.4 + 2.8 * storeys
  const wall = shade(colour, 0.9 + 0.15 * random.uniform())
  const trim = random.uniform() < 0.7 ? 0xf7f4ea : mix(colour, 0x000000, 0.5)
  const style = { wall, trim, height, bay: 1.9 + random.uniform() }
  const front = facade({ ...style, length: 2 * halfU, door: choose(DOORS, random) })
  const back = facade({ ...style, length: 2 * halfU })
  const gableEnd = facade({ ...style, length: 2 * halfV })
  const kind = random.uniform()
  const roof = kind < 0.65 ? 'gable' : kind < 0.85 ? 'pyramid' : 'flat'
  return box({
    ...plot,
    top: height,
    roof,
    rise: roof === 'flat' ? 0 : 1.6 + 1.6 * random.uniform(),
    walls: [front, gableEnd, back, gableEnd],
    roofPaint: plain(choose(ROOFS, random)),
  })
}

function choose<T>(items: readonly T[], random: HostRandom): T {
  const item = items[random.integer(0, items.length)]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}
