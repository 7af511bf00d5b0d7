/**
 * Scales a frame so that its shorter side is `size`, and cuts out the middle: each pixel is the average of
 * the area it covers.
 * @param frame (height, width, 3), uint8
 * @returns (size, size, 3), uint8, rounded
 */
export function resizeFrame(frame: Uint8Array, height: number, width: number, size: number): Uint8Array {
  if (height === size && width === size) return frame
  const scale = Math.min(height, width) / size
  const rows = coverage(height, size, scale)
  const columns = coverage(width, size, scale)
  const resized = new Uint8Array(size * size * 3)
  let at = 0
  for (const row of rows)
    for (const column of columns)
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0
        for (const [y, weightY] of row)
          for (const [x, weightX] of column)
            sum += weightY * weightX * (frame[(y * width + x) * 3 + channel] ?? 0)
        resized[at++] = Math.round(sum)
      }
  return resized
}

/** For each target pixel, the source pixels it covers and their shares, which sum to 1. */
function coverage(
  length: number,
  size: number,
  scale: number,
): (readonly [index: number, share: number])[][] {
  const margin = (length - size * scale) / 2
  return Array.from({ length: size }, (_, target) => {
    const start = margin + target * scale
    const end = Math.min(length, start + scale)
    const covered: [number, number][] = []
    for (let index = Math.floor(start); index < end; index++)
      covered.push([index, (Math.min(end, index + 1) - Math.max(start, index)) / (end - start)])
    return covered
  })
}
