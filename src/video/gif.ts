import type { Gifenc } from 'gifenc'
import { createRequire } from 'node:module'
import type { Film } from '../sampling/video-batch.js'
import { toRgba } from './rgba.js'

// Required, as what a default import of this package is differs between Node and bundlers.
const gifenc = createRequire(import.meta.url)('gifenc') as Gifenc

/**
 * A film as a GIF that repeats for ever. Each frame has its own 256 colours: a palette for all of them is
 * about 2 dB worse on a film whose colours change.
 * @param fps frames a second, at most 50. A GIF counts in hundredths of a second: frames are shown from the one
 *   nearest to their time on.
 */
export function encodeGif(film: Film, fps: number): Uint8Array {
  const [T, H, W] = film.shape
  const encoder = gifenc.GIFEncoder()
  const begin = (t: number) => Math.round((100 * t) / fps)
  for (let t = 0; t < T; t++) {
    const pixels = toRgba(film.data.subarray(t * H * W * 3, (t + 1) * H * W * 3))
    const palette = gifenc.quantize(pixels, 256)
    encoder.writeFrame(gifenc.applyPalette(pixels, palette), W, H, {
      palette,
      delay: 10 * (begin(t + 1) - begin(t)),
    })
  }
  encoder.finish()
  return encoder.bytes()
}
