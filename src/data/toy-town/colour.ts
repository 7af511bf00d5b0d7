/** A colour as 0xRRGGBB: one number, so that millions of them cost no memory management. */
export type Colour = number

/** Brightens or darkens; 1 leaves a colour as it is. */
export function shade(colour: Colour, factor: number): Colour {
  return pack(((colour >> 16) & 255) * factor, ((colour >> 8) & 255) * factor, (colour & 255) * factor)
}

/** `a` at share 0, `b` at share 1. */
export function mix(a: Colour, b: Colour, share: number): Colour {
  const keep = 1 - share
  return pack(
    ((a >> 16) & 255) * keep + ((b >> 16) & 255) * share,
    ((a >> 8) & 255) * keep + ((b >> 8) & 255) * share,
    (a & 255) * keep + (b & 255) * share,
  )
}

/** A fixed pseudo-random number in [0, 1) for each pair of integers: the grain of asphalt and leaves. */
export function grain(i: number, j: number): number {
  let h = (Math.imul(i, 0x27d4eb2d) ^ Math.imul(j, 0x165667b1)) | 0
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return ((h ^ (h >>> 15)) >>> 0) / 2 ** 32
}

/** Grain without its corners: smooth between the integers. */
export function smoothGrain(x: number, y: number): number {
  const [i, j] = [Math.floor(x), Math.floor(y)]
  const [u, v] = [smooth(x - i), smooth(y - j)]
  const low = grain(i, j) * (1 - u) + grain(i + 1, j) * u
  const high = grain(i, j + 1) * (1 - u) + grain(i + 1, j + 1) * u
  return low * (1 - v) + high * v
}

const smooth = (t: number) => t * t * (3 - 2 * t)

function pack(red: number, green: number, blue: number): Colour {
  return (clamp(red) << 16) | (clamp(green) << 8) | clamp(blue)
}

const clamp = (level: number) => (level >= 255 ? 255 : level <= 0 ? 0 : (level + 0.5) | 0)
