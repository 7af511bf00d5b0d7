import type { Colour, Drawing, Shape } from './drawing.js'

/** Matrices of attention weights between the same frames, in rows and columns of a picture. */
export interface AttentionDrawing {
  /** From top to bottom, and in each from left to right: (K, K) in C order, not negative. */
  readonly rows: readonly (readonly Float32Array[])[]
  /** Of each of the K frames: whether it was given. */
  readonly observed: readonly boolean[]
}

/** Pixels of a weight, of the strips that tell frames apart, and between matrices. */
const [CELL, STRIP, GAP] = [8, 4, 10]
/** As in pictures of schedules. */
const OBSERVED: Colour = [50, 50, 255]
const LATENT: Colour = [255, 69, 0]

/**
 * Each matrix with a row per frame that attends and a column per frame that is attended to, the darker the
 * larger the weight: black is the largest of its row of matrices, white is none. Strips on the left and on top
 * say which frames are observed (blue) and which are latent (orange).
 */
export function attentionDrawing({ rows, observed }: AttentionDrawing): Drawing {
  const K = observed.length
  const size = GAP + STRIP + K * CELL
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const shapes = rows.flatMap((row, j) => {
    const largest = row.reduce((most, matrix) => matrix.reduce((a, b) => Math.max(a, b), most), 0)
    return row.flatMap((matrix, i) =>
      matrixShapes(matrix, observed, [GAP + i * size, GAP + j * size], largest),
    )
  })
  return { width: GAP + columns * size, height: GAP + rows.length * size, shapes }
}

function matrixShapes(
  matrix: Float32Array,
  observed: readonly boolean[],
  [left, top]: readonly [number, number],
  largest: number,
): Shape[] {
  const K = observed.length
  const rectangle = (x: number, y: number, width: number, height: number, colour: Colour): Shape => ({
    kind: 'rectangle',
    corner: [left + x, top + y],
    size: [width, height],
    colour,
  })
  const strips = observed.flatMap((isObserved, k) => {
    const colour = isObserved ? OBSERVED : LATENT
    const along = STRIP + k * CELL
    return [rectangle(along, 0, CELL, STRIP, colour), rectangle(0, along, STRIP, CELL, colour)]
  })
  const cells = Array.from(matrix, (weight, i) => {
    const grey = Math.round(255 * (1 - weight / (largest || 1)))
    return rectangle(STRIP + (i % K) * CELL, STRIP + Math.floor(i / K) * CELL, CELL, CELL, [grey, grey, grey])
  })
  return [...strips, ...cells]
}
