import { mix, shade, grain, smoothGrain, type Colour } from './colour.js'
import { placeOnStreets, type StreetPlaces } from './street-places.js'
import { JUNCTIONS, PAVEMENT_EDGE, ROAD_HALF_WIDTH, STOP_DISTANCE, distance } from './streets.js'

/** Colour of the ground at a place, averaged over about `size` metres. */
export type Ground = (x: number, y: number, size: number) => Colour

/** The painted part of the ground, in metres. Beyond it there are meadows. */
const AREA = { x: 90, y: 90, width: 210, height: 200 }
const TEXEL = 0.1

const ASPHALT: Colour = 0x55575c
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
    const wanted = Math.round(Math.log2(size / TEXEL))
    const level = Math.min(levels.length - 1, Math.max(0, wanted))
    const picture = levels[level]
    const texel = TEXEL * 2 ** level
    const [i, j] = [Math.floor((x - AREA.x) / texel), Math.floor((y - AREA.y) / texel)]
    if (!picture || i < 0 || j < 0 || i >= picture.width || j >= picture.height) return meadow(x, y)
    return picture.texels[j * picture.width + i] ?? MEADOW
  }
}

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
  if (off < ROAD_HALF_WIDTH || corner < 6) return road(x, y, side, off, toEnd, places.along[at] ?? 0)
  if (off < ROAD_HALF_WIDTH + 0.25 || corner < 6.25) return KERB
  if (off < PAVEMENT_EDGE || corner < 8) return pavement(x, y)
  return garden(x, y)
}

function road(x: number, y: number, side: number, off: number, toEnd: number, along: number): Colour {
  const isMarked =
    toEnd > STOP_DISTANCE
      ? off < 0.1
        ? toEnd < STOP_DISTANCE + 6 || along % 3 < 1.6
        : (side > 0 && toEnd < STOP_DISTANCE + 0.5 && off < 2.8) || (off > 2.75 && off < 2.9)
      : toEnd > 4.4 && toEnd < 6.6 && (off + 0.3) % 1.1 < 0.6
  if (isMarked) return shade(MARKING, 0.92 + 0.08 * grain(x * 10, y * 10))
  const patch = smoothGrain(x / 5, y / 5) > 0.72 ? 0.82 : 1
  return shade(ASPHALT, patch * (0.93 + 0.14 * grain(x * 10, y * 10)))
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
  return meadow(x, y)
}

function meadow(x: number, y: number): Colour {
  const tone = 0.72 + 0.3 * smoothGrain(x / 9, y / 9) + 0.16 * grain(x * 5, y * 5)
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
