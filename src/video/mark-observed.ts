import type { Film } from '../sampling/videos/video-batch.js'

const RED = [255, 0, 0] as const

/** A copy of a film with a red border, one pixel wide and one pixel in, on some of its frames. */
export function markObserved(film: Film, frames: readonly number[]): Film {
  const [T, H, W, C] = film.shape
  const data = film.data.slice()
  const paint = (t: number, y: number, x: number) => data.set(RED, ((t * H + y) * W + x) * C)
  for (const t of frames.filter((frame) => frame < T)) {
    for (let x = 0; x < W; x++) for (const y of [1, H - 2]) paint(t, y, x)
    for (let y = 0; y < H; y++) for (const x of [1, W - 2]) paint(t, y, x)
  }
  return { shape: film.shape, data }
}
