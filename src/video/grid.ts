import type { Film } from '../sampling/videos/video-batch.js'

/**
 * Puts films of equal length and size into one: `columns` side by side, the films of each column below one
 * another, from the top.
 */
export function filmGrid(columns: readonly (readonly Film[])[]): Film {
  const rows = columns[0]?.length ?? 0
  const [T = 0, H = 0, W = 0] = columns[0]?.[0]?.shape ?? []
  const films = columns.flat()
  if (films.length === 0 || columns.some((column) => column.length !== rows))
    throw new Error('a grid needs columns of equally many films')
  const odd = films.find(({ shape }) => shape[0] !== T || shape[1] !== H || shape[2] !== W)
  if (odd)
    throw new Error(`films of shape (${odd.shape.join(', ')}) and (${T}, ${H}, ${W}, 3) do not make a grid`)

  const shape = [T, rows * H, columns.length * W, 3] as const
  const data = new Uint8Array(shape[0] * shape[1] * shape[2] * 3)
  const line = W * 3
  columns.forEach((column, i) =>
    column.forEach((film, j) => {
      for (let t = 0; t < T; t++)
        for (let y = 0; y < H; y++) {
          const from = (t * H + y) * line
          data.set(
            film.data.subarray(from, from + line),
            ((t * rows + j) * H + y) * columns.length * line + i * line,
          )
        }
    }),
  )
  return { shape, data }
}
