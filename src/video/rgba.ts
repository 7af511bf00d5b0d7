/** RGB to opaque RGBA, which encoders of pictures take. */
export function toRgba(rgb: Uint8Array): Uint8Array {
  const rgba = new Uint8Array((rgb.length / 3) * 4).fill(255)
  for (let i = 0, j = 0; i < rgb.length; i += 3, j += 4) {
    rgba[j] = rgb[i] ?? 0
    rgba[j + 1] = rgb[i + 1] ?? 0
    rgba[j + 2] = rgb[i + 2] ?? 0
  }
  return rgba
}
