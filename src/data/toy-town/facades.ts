import { mix, shade, type Colour } from './colour.js'
import type { Paint } from './shapes.js'

const GLASS: Colour = 0x34495e

export interface FacadeOptions {
  readonly wall: Colour
  readonly trim: Colour
  readonly window?: Colour
  readonly door?: Colour
  /** Length of the wall in metres. */
  readonly length: number
  /** Height up to the roof; windows stop there. */
  readonly height: number
  /** Metres from one window to the next, and from one floor to the next. */
  readonly bay?: number
  readonly storey?: number
}

/** One even colour. */
export const plain =
  (colour: Colour): Paint =>
  () =>
    colour

/** Bands of two colours, one above the other. */
export const banded =
  (a: Colour, b: Colour, height: number): Paint =>
  (_, z, size) =>
    size > height ? mix(a, b, 0.5) : Math.floor(z / height) % 2 === 0 ? a : b

/** Upright stripes of two colours. */
export const striped =
  (a: Colour, b: Colour, width: number): Paint =>
  (s, _, size) =>
    size > width ? mix(a, b, 0.5) : Math.floor(s / width) % 2 === 0 ? a : b

/** Squares of two colours. */
export const chequered =
  (a: Colour, b: Colour, width: number): Paint =>
  (s, z, size) =>
    size > width ? mix(a, b, 0.5) : (Math.floor(s / width) + Math.floor(z / width)) % 2 === 0 ? a : b

/** A wall with rows of framed windows, a plinth, and perhaps a door in the middle of the ground floor. */
export function facade(options: FacadeOptions): Paint {
  const { wall, trim, window = GLASS, door, length, height, bay = 2.4, storey = 2.8 } = options
  const bays = Math.max(1, Math.floor((length - 0.6) / bay))
  const margin = (length - bays * bay) / 2
  const floors = Math.max(1, Math.floor(height / storey))
  const fromAfar = mix(wall, window, 0.22)
  return (s, z, size) => {
    if (size > bay) return z < height ? fromAfar : wall
    if (z > height) return z < height + 0.25 ? trim : wall
    if (door !== undefined && z < 2.2 && Math.abs(s - length / 2) < 0.6)
      return Math.abs(s - length / 2) < 0.48 && z < 2.05 ? door : trim
    if (z < 0.35) return shade(wall, 0.6)
    const floor = Math.floor(z / storey)
    const across = s - margin - Math.floor((s - margin) / bay) * bay - bay / 2
    const up = z - floor * storey - 1.6
    const isBetween = s < margin || s > length - margin || floor >= floors
    if (isBetween || Math.abs(across) > 0.75 || Math.abs(up) > 0.85) return wall
    const isFrame = Math.abs(across) > 0.58 || Math.abs(up) > 0.68
    return isFrame || Math.abs(across) < 0.06 ? trim : mix(window, 0x9cc3dd, 0.25 + 0.3 * up)
  }
}
