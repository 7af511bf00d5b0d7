import type { FrameFeatures } from './frame-features.js'

/** Most cells per side that a frame is reduced to: what moves matters, not its texture. */
const CELLS = 8

/**
 * Frames compared by their pixels: the mean colour of each cell of a grid of at most 8x8 cells. Needs no
 * weights.
 */
export const pixelFeatures: FrameFeatures = {
  embed: (frames, shape) => frames.map((frame) => cellMeans(frame, shape)),
}

/** How many numbers a frame is reduced to. */
export const pixelFeaturesLength = ([H, W, C]: readonly [number, number, number]) =>
  Math.min(CELLS, H) * Math.min(CELLS, W) * C

function cellMeans(frame: Float32Array, [H, W, C]: readonly [number, number, number]): Float32Array {
  const [rows, columns] = [Math.min(CELLS, H), Math.min(CELLS, W)]
  const sums = new Float64Array(rows * columns * C)
  const counts = new Float64Array(sums.length)
  for (let y = 0, at = 0; y < H; y++)
    for (let x = 0; x < W; x++) {
      const cell = Math.floor((y * rows) / H) * columns + Math.floor((x * columns) / W)
      for (let c = 0; c < C; c++, at++) {
        sums[cell * C + c] = (sums[cell * C + c] ?? 0) + (frame[at] ?? 0)
        counts[cell * C + c] = (counts[cell * C + c] ?? 0) + 1
      }
    }
  return Float32Array.from(sums, (sum, i) => sum / (counts[i] ?? 1))
}
