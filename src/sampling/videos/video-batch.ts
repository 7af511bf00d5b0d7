import { UserError } from '../../errors.js'

/** One video as pixels. */
export interface Film {
  readonly shape: readonly [T: number, H: number, W: number, C: 3]
  /** (T, H, W, 3), uint8. */
  readonly data: Uint8Array
}

/** Some videos of equal length and size, as pixels. */
export interface VideoBatch {
  readonly shape: readonly [B: number, T: number, H: number, W: number, C: 3]
  /** (B, T, H, W, 3), uint8. */
  readonly data: Uint8Array
}

/** The bytes of frame `t` of video `b`: (H, W, C), shared with the batch. */
export function frameOf({ shape, data }: VideoBatch, b: number, t: number): Uint8Array {
  const [, T, H, W, C] = shape
  const size = H * W * C
  const start = (b * T + t) * size
  return data.subarray(start, start + size)
}

/** The bytes of frame `t`: (H, W, C), shared with the film. */
export function frameOfFilm({ shape: [, H, W, C], data }: Film, t: number): Uint8Array {
  const size = H * W * C
  return data.subarray(t * size, (t + 1) * size)
}

/**
 * Video `b` alone, its bytes shared with the batch.
 * @param b 0 <= b < B
 * @throws UserError for a video that is not there.
 */
export function filmOf({ shape: [B, T, H, W, C], data }: VideoBatch, b: number): Film {
  if (!(Number.isInteger(b) && b >= 0 && b < B)) throw new UserError(`there is no video ${b}: there are ${B}`)
  const size = T * H * W * C
  return { shape: [T, H, W, C], data: data.subarray(b * size, (b + 1) * size) }
}

/** Films of one shape, at least one, as a batch of their own. */
export function batchOf(films: readonly Film[]): VideoBatch {
  const [{ shape } = { shape: [0, 0, 0, 3] as const }] = films
  const data = new Uint8Array(films.reduce((bytes, film) => bytes + film.data.length, 0))
  films.forEach((film, b) => data.set(film.data, b * film.data.length))
  return { shape: [films.length, ...shape], data }
}
