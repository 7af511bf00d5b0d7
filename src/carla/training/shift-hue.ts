/**
 * Turns the hue of colours, keeping saturation and value (Smith 1978: HSV). Grey stays grey.
 * @param values red, green and blue in turn, 0..255; changed in place
 * @param turn share of the circle
 */
export function shiftHue(values: Float32Array, turn: number): void {
  for (let i = 0; i < values.length; i += 3) {
    const [r, g, b] = [values[i] ?? NaN, values[i + 1] ?? NaN, values[i + 2] ?? NaN]
    const value = Math.max(r, g, b)
    const chroma = value - Math.min(r, g, b)
    if (chroma === 0) continue
    const sextant = value === r ? (g - b) / chroma : value === g ? 2 + (b - r) / chroma : 4 + (r - g) / chroma
    const turned = sextant + 6 * turn
    values[i] = component(5, turned, value, chroma)
    values[i + 1] = component(3, turned, value, chroma)
    values[i + 2] = component(1, turned, value, chroma)
  }
}

/** A colour's component from its hue in sextants: highest within one sextant of its own hue. */
function component(offset: number, sextant: number, value: number, chroma: number): number {
  const k = (((offset + sextant) % 6) + 6) % 6
  return value - chroma * Math.max(0, Math.min(k, 4 - k, 1))
}
