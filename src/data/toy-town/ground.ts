import { mix, shade, grain, smoothGrain, type Colour } from './colour.js'
import { placeOnStreets, type StreetPlaces } from './street-places.js'
import { JUNCTIONS, PAVEMENT_EDGE, ROAD_HALF_WIDTH, STOP_DISTANCE, distance } from './streets.js'

/** Colour of the ground at a place, averaged over about `size` metres. */
export type Ground = (x: number, y: number, size: number) => Colour

/** The painted part of the ground, in metres. Beyond it there are meadows. */
const AREA = { x: 138, y: 138, width: 116, height: 106 }
const TEXEL = 0.1

const ASPHALT: Colour = 0x55575c
const KERB_WIDTH = 0.25
const MARKING: Colour = 0xf2f0e6
const PAVEMENT: Colour = 0xb9b2a6
const KERB: Colour = 0xdedad0
const MEADOW: Colour = 0x6c9c45
/** The park's pond and path, in the block north-west of the centre. */
const POND = { x: 170, y: 212, radius: 6 }
/** A square paved with red stone before the town hall, in the block south-east of the centre. */
const SQUARE = { x: 219, y: 168, radius: 9 }

/** Paints roads, markings, pavements, gardens and the park once, in all the sizes needed. */
export function paintGround(): Ground {
  const levels = [paintFinest()]
  for (let last = levels[0]; last && last.width > 40; last = levels.at(-1)) levels.push(halve(last))
  return (x, y, size) => {
    const level = Math.min(levels.length - 1, Math.max(0, Math.round(Math.log2(size / TEXEL))))
    const picture = levels[level]
    const texel = TEXEL * 2 ** level
    const [u, v] = [(x - AREA.x) / texel, (y - AREA.y) / texel]
    if (!picture || u < 1 || v < 1 || u >= picture.width - 1 || v >= picture.height - 1)
      return meadow(x, y, size)
    return size < TEXEL / 2
      ? between(picture, u - 0.5, v - 0.5)
      : texelAt(picture, Math.floor(u), Math.floor(v))
  }
}

/** Close to the eye a texel is larger than a sample: its neighbours blend into it. */
function between(picture: Picture, u: number, v: number): Colour {
  const [i, j] = [Math.floor(u), Math.floor(v)]
  const lower = mix(texelAt(picture, i, j), texelAt(picture, i + 1, j), u - i)
  const upper = mix(texelAt(picture, i, j + 1), texelAt(picture, i + 1, j + 1), u - i)
  return mix(lower, upper, v - j)
}

const texelAt = ({ width, texels }: Picture, i: number, j: number) => texels[j * width + i] ?? MEADOW

interface Picture {
  readonly width: number
  readonly height: number
  readonly texels: Uint32Array
}

function paintFinest(): Picture {
  const [width, height] = [Math.round(AREA.width / TEXEL), Math.round(AREA.height / TEXEL)]
  const places = placeOnStreets(AREA, TEXEL)
  const texels = new Uint32Array(width * height)
  for (let j = 0; j < height; j++)
    for (let i = 0; i < width; i++) {
      const at = j * width + i
      texels[at] = groundColour(AREA.x + (i + 0.5) * TEXEL, AREA.y + (j + 0.5) * TEXEL, places, at)
    }
  return { width, height, texels }
}

function groundColour(x: number, y: number, places: StreetPlaces, at: number): Colour {
  const side = places.side[at] ?? Infinity
  const [off, toEnd] = [Math.abs(side), places.toJunction[at] ?? 0]
  const corner = off < 9 ? nearestJunction(x, y) : Infinity
  const outside = Math.min(off - ROAD_HALF_WIDTH, corner - 6)
  if (outside > KERB_WIDTH + TEXEL) return off < PAVEMENT_EDGE || corner < 8 ? pavement(x, y) : garden(x, y)
  const beside = mix(pavement(x, y), KERB, line(outside, KERB_WIDTH / 2, KERB_WIDTH))
  return mix(road(x, y, side, off, toEnd, places.along[at] ?? 0), beside, line(outside, 5, 10))
}

function road(x: number, y: number, side: number, off: number, toEnd: number, along: number): Colour {
  const patch = smoothGrain(x / 5, y / 5) > 0.72 ? 0.82 : 1
  const asphalt = shade(ASPHALT, patch * (0.93 + 0.14 * grain(x * 10, y * 10)))
  return mix(asphalt, MARKING, 0.95 * marking(side, off, toEnd, along))
}

/** How much of a texel is painted: a zebra crossing and a stop line before a junction, then lane lines. */
function marking(side: number, off: number, toEnd: number, along: number): number {
  if (toEnd < STOP_DISTANCE) return toEnd > 4.4 && toEnd < 6.6 && (off + 0.3) % 1.1 < 0.6 ? 1 : 0
  if (side > 0 && off < 2.8 && toEnd < STOP_DISTANCE + 0.5) return 1
  const isDashed = toEnd > STOP_DISTANCE + 6 && along % 3 > 1.6
  return Math.max(isDashed ? 0 : line(off, 0, 0.2), line(off, 2.75, 0.15))
}

/** How much of a texel lies on a line of some width: lines that run aslant would have teeth otherwise. */
function line(position: number, middle: number, width: number): number {
  return Math.min(1, Math.max(0, (width / 2 - Math.abs(position - middle)) / TEXEL + 0.5))
}

function pavement(x: number, y: number): Colour {
  const joint = x - Math.floor(x) < 0.1 || y - Math.floor(y) < 0.1
  return shade(PAVEMENT, (joint ? 0.82 : 1) * (0.9 + 0.15 * grain(Math.floor(x), Math.floor(y))))
}

function garden(x: number, y: number): Colour {
  const pond = distance(POND, { x, y })
  if (pond < POND.radius) return mix(0x3d7fb0, 0x7fb6d6, smoothGrain(x * 2, y * 0.7))
  if (pond < POND.radius + 1.6) return 0xd8c796
  const square = distance(SQUARE, { x, y })
  if (square < SQUARE.radius) return (Math.floor(x) + Math.floor(y)) % 2 === 0 ? 0xb5604c : 0xd49a7c
  return meadow(x, y, TEXEL)
}

function meadow(x: number, y: number, size: number): Colour {
  const blades = size < 0.4 ? grain(x * 5, y * 5) : 0.5
  const tone = 0.72 + 0.3 * smoothGrain(x / 9, y / 9) + 0.16 * blades
  return shade(mix(MEADOW, 0xa8a04a, 0.4 * smoothGrain(x / 23, y / 23)), tone)
}

const nearestJunction = (x: number, y: number) =>
  Math.min(...Object.values(JUNCTIONS).map((junction) => distance(junction, { x, y })))

function halve({ width, height, texels }: Picture): Picture {
  const half = { width: width >> 1, height: height >> 1 }
  const averages = new Uint32Array(half.width * half.height)
  for (let j = 0; j < half.height; j++)
    for (let i = 0; i < half.width; i++) {
      const at = 2 * j * width + 2 * i
      const upper = mix(texels[at] ?? 0, texels[at + 1] ?? 0, 0.5)
      const lower = mix(texels[at + width] ?? 0, texels[at + width + 1] ?? 0, 0.5)
      averages[j * half.width + i] = mix(upper, lower, 0.5)
    }
  return { ...half, texels: averages }
}
