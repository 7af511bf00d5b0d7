import type { Film } from '../sampling/videos/video-batch.js'

/** A film with each pixel made a square of `scale` x `scale` pixels. */
export function enlarge(film: Film, scale: number): Film {
  if (scale === 1) return film
  const [T, H, W, C] = film.shape
  const wide = W * scale * C
  const data = new Uint8Array(T * H * scale * wide)
  for (let row = 0; row < T * H; row++) {
    const top = row * scale * wide
    for (let x = 0; x < W * scale; x++) {
      const from = (row * W + Math.floor(x / scale)) * C
      data.set(film.data.subarray(from, from + C), top + x * C)
    }
    for (let copy = 1; copy < scale; copy++) data.copyWithin(top + copy * wide, top, top + wide)
  }
  return { shape: [T, H * scale, W * scale, C], data }
}
