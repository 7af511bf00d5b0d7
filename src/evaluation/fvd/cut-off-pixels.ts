/**
 * What the original program's FVD makes of pixels: it maps them to [-1, 1] and back in float32, and cuts the
 * result off to a whole number instead of rounding it. 63 of the 256 levels lose 1.
 */
export function cutOffPixels(pixels: Uint8Array): Uint8Array {
  return pixels.map((level) => CUT_OFF[level] ?? 0)
}

const { fround } = Math

const CUT_OFF = Uint8Array.from({ length: 256 }, (_, level) => {
  const scaled = fround(-1 + fround(2 * fround(level / 255)))
  return Math.floor(fround(fround(fround(scaled + 1) * 255) / 2))
})
