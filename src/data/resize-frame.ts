import type { Resize } from './decode-video.js'

/**
 * Makes a frame square: each pixel is the average of the area it covers.
 * @param frame (height, width, 3), uint8
 * @param resize `crop`: the shorter side becomes `size`, and the middle is cut out; `fit`: the longer side
 *   does, with black on both sides of the rest
 * @returns (size, size, 3), uint8, rounded
 */
export function resizeFrame(
  frame: Uint8Array,
  height: number,
  width: number,
  size: number,
  resize: Resize = 'crop',
): Uint8Array {
  if (height === size && width === size) return frame
  const scale = (resize === 'crop' ? Math.min : Math.max)(height, width) / size
  const [rows, columns] = [coverage(height, size, scale), coverage(width, size, scale)]
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

/**
 * For each target pixel, the source pixels it covers and their shares of it: they sum to 1, or to less where
 * the target reaches over the edge of the frame.
 */
function coverage(
  length: number,
  size: number,
  scale: number,
): (readonly [index: number, share: number])[][] {
  const margin = (length - size * scale) / 2
  return Array.from({ length: size }, (_, target) => {
    const start = margin + target * scale
    const end = start + scale
    const covered: [number, number][] = []
    for (let index = Math.max(0, Math.floor(start)); index < Math.min(length, end); index++)
      covered.push([index, (Math.min(end, index + 1) - Math.max(start, index)) / scale])
    return covered
  })
}
