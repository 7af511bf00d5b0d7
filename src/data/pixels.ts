/**
 * The one place where pixels change scale. On disk and in a `VideoDataset` a pixel is uint8, 0..255;
 * the network sees 2 p / 255 - 1, in [-1, 1].
 */
const SCALED = Float32Array.from({ length: 256 }, (_, p) => (2 * p) / 255 - 1)

/** uint8 pixels to the network's scale: p -> 2 p / 255 - 1. Same length and order. */
export function fromPixels(pixels: Uint8Array): Float32Array {
  const scaled = new Float32Array(pixels.length)
  for (let i = 0; i < pixels.length; i++) scaled[i] = SCALED[pixels[i] ?? 0] ?? 0
  return scaled
}

/**
 * The network's scale to uint8 pixels, rounded to the nearest level and clamped: the inverse of
 * `fromPixels` on its values. What is not a number becomes 0.
 */
export function toPixels(scaled: ArrayLike<number>): Uint8Array {
  const pixels = new Uint8Array(scaled.length)
  for (let i = 0; i < pixels.length; i++) {
    const level = Math.round((((scaled[i] ?? NaN) + 1) * 255) / 2)
    pixels[i] = Math.min(255, Math.max(0, level))
  }
  return pixels
}
