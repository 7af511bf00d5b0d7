import type { Film } from '../sampling/videos/video-batch.js'
import { enlarge } from './enlarge.js'
import { filmGrid } from './grid.js'

/** A film whose frames are made when they are needed: of large ones there is not room for all. */
export interface FilmFrames {
  /** (T, H, W, 3) */
  readonly shape: Film['shape']
  /** uint8 RGB, (H, W, 3) */
  readonly frame: (t: number) => Uint8Array
}

export function framesOf(film: Film): FilmFrames {
  return { shape: film.shape, frame: (t) => frameAlone(film, t).data }
}

/** Films of equal shape as `filmGrid` puts them, each pixel a square of `scale` x `scale`. */
export function gridFrames(columns: readonly (readonly Film[])[], scale: number): FilmFrames {
  const [T = 0] = columns[0]?.[0]?.shape ?? []
  const made = (t: number) =>
    enlarge(filmGrid(columns.map((column) => column.map((film) => frameAlone(film, t)))), scale)
  const [, ...size] = made(0).shape
  return { shape: [T, ...size], frame: (t) => made(t).data }
}

/** A film of one frame of a film, which shares its pixels. */
export function frameAlone({ shape: [, H, W, C], data }: Film, t: number): Film {
  return { shape: [1, H, W, C], data: data.subarray(t * H * W * C, (t + 1) * H * W * C) }
}
