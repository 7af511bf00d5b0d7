import { STREETS, STREET_STEP, streetLength } from './streets.js'

export interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** For each texel of an area, where it is on its nearest street. */
export interface StreetPlaces {
  /**
   * Metres from the centre line; positive on the side of those who drive towards the nearer junction.
   * Infinity away from all streets.
   */
  readonly side: Float32Array
  /** Metres from the street's beginning. */
  readonly along: Float32Array
  /** Metres along the street to the nearer junction. */
  readonly toJunction: Float32Array
}

/** From a centre line outwards, as far as anything depends on the street. */
const REACH = 12

/** Measures an area by walking all streets and marking what lies beside each step. */
export function placeOnStreets(area: Area, texel: number): StreetPlaces {
  const [columns, rows] = [Math.round(area.width / texel), Math.round(area.height / texel)]
  const side = new Float32Array(columns * rows).fill(Infinity)
  const along = new Float32Array(columns * rows)
  const toJunction = new Float32Array(columns * rows)
  for (const street of STREETS) {
    const length = streetLength(street)
    street.points.forEach(({ x, y, heading }, step) => {
      const [cos, sin] = [Math.cos(heading), Math.sin(heading)]
      const travelled = step * STREET_STEP
      const isNearEnd = travelled > length / 2
      // Across the street in half texels; beside the step as far as the outside of a curve needs.
      for (let right = -REACH; right <= REACH; right += texel / 2)
        for (let ahead = -0.25; ahead <= 0.25; ahead += texel / 2) {
          const i = Math.floor((x + cos * ahead + sin * right - area.x) / texel)
          const j = Math.floor((y + sin * ahead - cos * right - area.y) / texel)
          if (i < 0 || j < 0 || i >= columns || j >= rows) continue
          const at = j * columns + i
          // Measured at the texel's middle: lines along a curve would have teeth otherwise.
          const [toX, toY] = [area.x + (i + 0.5) * texel - x, area.y + (j + 0.5) * texel - y]
          const off = toX * sin - toY * cos
          if (Math.abs(side[at] ?? 0) <= Math.abs(off)) continue
          const here = travelled + toX * cos + toY * sin
          side[at] = isNearEnd ? off : -off
          along[at] = here
          toJunction[at] = isNearEnd ? length - here : here
        }
    })
  }
  return { side, along, toJunction }
}
