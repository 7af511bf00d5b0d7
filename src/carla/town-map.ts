import type { Colour, Drawing, Point, Shape } from '../pictures/drawing.js'

type Positions = readonly (readonly [number, number])[]

export interface MappedDrive {
  readonly positions: Positions
  readonly isGiven: (frame: number) => boolean
}

const ROAD: Colour = [215, 215, 215]
const GIVEN: Colour = [220, 30, 30]
const SAMPLED: Colour = [50, 90, 220]
const JUMP: Colour = [255, 150, 0]
const BLACK: Colour = [0, 0, 0]
const SIZE = 640
const MARGIN = 40

/**
 * A map of drives: where the data set's videos went in grey, which shows the roads; given frames red, sampled
 * ones blue; a step from one frame to the next that is longer than `longestStep` orange, with discs at its
 * ends. x goes to the right, y down.
 * @param longestStep metres
 */
export function townMap(
  drives: readonly MappedDrive[],
  roads: readonly Positions[],
  longestStep: number,
): Drawing {
  const toMap = scaling([...roads, ...drives.map(({ positions }) => positions)])
  const line = (points: Positions, colour: Colour, width: number): Shape => ({
    kind: 'line',
    points: points.map(toMap),
    colour,
    width,
  })
  const shapes: Shape[] = roads.flatMap((road) => pieces(road, longestStep)).map((piece) => line(piece, ROAD, 4)) // prettier-ignore
  const jumps: Shape[] = []
  for (const { positions, isGiven } of drives)
    positions.forEach((end, frame) => {
      const start = positions[frame - 1]
      if (!start) return
      const isJump = length(start, end) > longestStep
      const colour = isGiven(frame) ? GIVEN : SAMPLED
      if (!isJump) shapes.push(line([start, end], colour, 1.5))
      else jumps.push(line([start, end], JUMP, 1), ...[start, end].map((at) => disc(toMap(at))))
    })
  const caption = [
    { text: 'roads', colour: ROAD },
    { text: 'given', colour: GIVEN },
    { text: 'sampled', colour: SAMPLED },
    { text: 'jumps', colour: JUMP },
  ].flatMap(({ text, colour }, i): Shape[] => [
    { kind: 'rectangle', corner: [MARGIN + 90 * i, 10], size: [12, 12], colour },
    { kind: 'text', at: [MARGIN + 90 * i + 18, 20], text, anchor: 'start' },
  ])
  return { width: SIZE, height: SIZE + 30, shapes: [...shapes, ...jumps, ...caption, ...scaleBar(toMap)] }
}

const disc = (centre: Point): Shape => ({ kind: 'disc', centre, radius: 3.5, colour: JUMP })
const length = (a: Point, b: Point) => Math.hypot(b[0] - a[0], b[1] - a[1])

/** From metres to the square of the map, with the same scale along both axes. */
function scaling(all: readonly Positions[]): (position: Point) => Point {
  const bounds = [0, 1].map((axis) => {
    const values = all.flatMap((positions) => positions.map((position) => position[axis] ?? NaN))
    return values.reduce<[number, number]>(
      ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
      [Infinity, -Infinity],
    )
  })
  const extent = Math.max(1, ...bounds.map(([low, high]) => high - low))
  const scale = (SIZE - 2 * MARGIN) / extent
  const [[left] = [0], [top] = [0]] = bounds
  return ([x, y]) => [MARGIN + (x - left) * scale, MARGIN + (y - top) * scale]
}

/** A drive without its jumps. */
function pieces(positions: Positions, longestStep: number): Positions[] {
  const found: (readonly [number, number])[][] = []
  positions.forEach((position, i) => {
    const before = positions[i - 1]
    if (!before || length(before, position) > longestStep) found.push([])
    found.at(-1)?.push(position)
  })
  return found
}

/** How long a round number of metres is. */
function scaleBar(toMap: (position: Point) => Point): Shape[] {
  const pixelsPerMetre = length(toMap([0, 0]), toMap([1, 0]))
  const metres = 10 ** Math.floor(Math.log10(200 / pixelsPerMetre))
  const y = SIZE + 10
  return [
    { kind: 'line', points: [[MARGIN, y], [MARGIN + metres * pixelsPerMetre, y]], colour: BLACK, width: 2 }, // prettier-ignore
    { kind: 'text', at: [MARGIN, y + 16], text: `${metres} m`, anchor: 'start' },
  ]
}
